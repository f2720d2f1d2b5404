# SPDX-License-Identifier: MIT
# Completion of peermap(1) for fish.  The tool itself says what there is: its commands and options are read from --help.

# The words that are neither options nor their values: the command, then its arguments.
function __peermap_words
    set -l skip 0
    set -l rest 0 # no option from here on
    for word in (commandline -opc)[2..-1]
        if test $rest = 1
            echo $word
        else if test $skip = 1
            set skip 0
        else if test "$word" = --
            set rest 1
        else if contains -- $word --size --reserve --ahead --to --directory --mode --max-peers --max-roots --owner --deadline --since --last
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

function __peermap_needs
    test (count (__peermap_words)) = $argv[1]
    and begin
        test (count $argv) = 1
        or contains -- (__peermap_words)[1] $argv[2..-1]
    end
end

function __peermap_commands
    peermap --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(?:[A-Z\[][A-Z\[\] ]*?  +)?(\S.*)$' '$1\t$2'
end

function __peermap_options
    set -l command (__peermap_words)[1]
    test -n "$command"; or set command ls
    peermap $command --help 2>/dev/null | string replace -rf '^  (--[a-z-]+)(?: [A-Z]+)? +(\S.*)$' '$1\t$2'
end

function __peermap_pids
    peermap show (__peermap_words)[2] --json 2>/dev/null | sed -n '/^  "peers"/,/^  ]/s/^      "pid": \([0-9]*\),$/\1/p'
end

function __peermap_roots
    peermap roots (__peermap_words)[2] --json 2>/dev/null | sed -n '/^  "roots"/,/^  ]/s/^      "name": "\(.*\)",$/\1/p'
end

complete -c peermap -f
complete -c peermap -n '__peermap_needs 0' -a '(__peermap_commands)'
complete -c peermap -n '__peermap_needs 1 show watch events roots hexdump grow shrink remap trim reap objects dump copy destroy' -a '(peermap ls --names 2>/dev/null)'
complete -c peermap -n '__peermap_needs 1 load' -F
complete -c peermap -n '__peermap_needs 2 dump' -F
complete -c peermap -n '__peermap_needs 2 grow shrink' -a '64K 1M 16M +25% +100%'
complete -c peermap -n '__peermap_needs 2 hexdump' -a '(__peermap_roots)'
complete -c peermap -n '__peermap_needs 2 remap' -a '(__peermap_pids)'
complete -c peermap -n 'string match -q -- "-*" (commandline -ct); and not contains -- -- (commandline -opc)' -a '(__peermap_options)'
