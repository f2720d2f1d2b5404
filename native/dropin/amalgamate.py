#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes one file of many: peermap.c, to drop into a project beside peermap.h.

    amalgamate.py OUTPUT HEADER_FOLDER... -- SOURCE...

Private headers are put in where they are first included, system headers at the top.  What only one source knows (its statics, types,
constants) gets the source's name before its own, so that no two meet; its macros end with it.  What the sources share (pm_*) becomes static:
the program that it is dropped into sees peermap_* and nothing else.

This is no C compiler.  It goes by what stands outside of all braces, and fails where that is not enough.
"""
import os
import re
import sys

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      |(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      |(?P<name>[A-Za-z_]\w*)
      |(?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
      |(?P<space>(?:[ \t\f\v\r]|\\\n)+)
      |(?P<newline>\n)
      |(?P<mark>\.\.\.|->|.)""",
    re.X | re.S,
)
TYPES = {'struct', 'union', 'enum'}
NOT_NAMES = TYPES | set(
    'auto break case char const continue default do double else extern float for goto if inline int long register restrict return short signed '
    'sizeof static switch typedef unsigned void volatile while _Thread_local __attribute__ __extension__ __typeof__ offsetof'.split()
)


class Wrong(Exception):
    pass


class Token:
    def __init__(self, kind, text, line):
        self.kind, self.text, self.line = kind, text, line
        self.directive = False


def tokens_of(text):
    """All tokens; those of a directive, up to the newline that ends it, are marked."""
    result, line, fresh, directive = [], 1, True, False
    for match in TOKEN.finditer(text):
        token = Token(match.lastgroup, match.group(), line)
        if fresh and token.text == '#':
            directive = True
        token.directive = directive
        if token.kind == 'newline':
            fresh, directive = True, False
        elif token.kind not in ('space', 'comment'):
            fresh = False
        line += token.text.count('\n')
        result.append(token)
    return result


class Source:
    def __init__(self, path):
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        with open(path, encoding='utf-8') as file:
            self.tokens = tokens_of(file.read())
        self.code = [t for t in self.tokens if not t.directive and t.kind not in ('comment', 'space', 'newline')]

    def wrong(self, line, what):
        return Wrong(f'{self.path}:{line}: {what}')

    def directives(self):
        """(tokens without spaces, line) of each."""
        words = []
        for token in self.tokens:
            if token.directive and token.kind not in ('comment', 'space', 'newline'):
                words.append(token)
            elif words and not token.directive or words and token.kind == 'newline':
                yield words
                words = []
        if words:
            yield words

    def declarations(self):
        """The pieces of the file outside of all braces: token lists that end with ';' or with a function's '}'."""
        piece, depth, parens = [], 0, 0
        for token in self.code:
            piece.append(token)
            if token.text in '([':
                parens += 1
            elif token.text in ')]':
                parens -= 1
            elif token.text == '{':
                depth += 1
            elif token.text == '}':
                depth -= 1
                if depth < 0:
                    raise self.wrong(token.line, 'a brace closes that none opened: does a conditional part one that it does not close?')
            ends = depth == 0 and parens == 0 and (token.text == ';' or token.text == '}' and is_function(piece))
            if ends:
                if any(t.text != ';' for t in piece):
                    yield piece
                piece = []
        if depth != 0 or piece:
            raise self.wrong(piece[0].line if piece else 1, 'what begins here does not end: does a conditional part its braces?')


def outer(piece):
    """The tokens that are in no braces and no parentheses, where '(' and '{' stand for what they hold."""
    result, depth = [], 0
    for token in piece:
        if token.text in ')]}':
            depth -= 1
        if depth == 0 and token.text not in ')]}':
            result.append(token)
        if token.text in '([{':
            depth += 1
    return result


def without_attributes(tokens):
    result, skip = [], False
    for token in tokens:
        if token.text == '__attribute__':
            skip = True
        elif skip and token.text == '(':
            skip = False
        else:
            result.append(token)
    return result


def is_function(piece):
    """Ends with a body: `name (arguments) {`, and nothing that a type or an initialiser has."""
    shape = [t.text for t in without_attributes(outer(piece))]
    if '=' in shape or '{' not in shape or 'typedef' in shape:
        return False
    at = shape.index('{')
    return at >= 2 and shape[at - 1] == '('


def declared(source, piece):
    """What a declaration introduces: ('static' | 'shared' | 'type', name, has_body)."""
    shape = without_attributes(outer(piece))
    words = [t.text for t in shape]
    found = []
    for i, token in enumerate(shape):
        if token.text in TYPES and i + 2 < len(shape) and shape[i + 1].kind == 'name' and shape[i + 2].text == '{':
            found.append(('type', shape[i + 1].text, True))
    if 'enum' in words and '{' in words and words.index('enum') + 2 >= words.index('{'):
        found += [('type', name, True) for name in constants(piece)]
    if words[0] == 'static_assert' or words[0] == '_Static_assert' or words[0].isupper() and len(words) > 1 and words[1] == '(':
        return found
    name = declarator(piece)
    if name is None:
        return found
    kind = 'type' if 'typedef' in words else 'static' if 'static' in words else 'shared'
    if kind == 'static' and comma_at_top(words):
        raise source.wrong(piece[0].line, f'one declaration of several names ({name}, ...): part them')
    body = '{' in words and is_function(piece) or '=' in words or (kind != 'type' and '(' not in words and 'extern' not in words)
    found.append((kind, name, body))
    return found


def comma_at_top(words):
    return ',' in words[: words.index('=')] if '=' in words else ',' in words


def constants(piece):
    """The names in an enum's braces."""
    texts = [t for t in piece]
    begin = next(i for i, t in enumerate(texts) if t.text == '{')
    expects, depth = True, 0
    for token in texts[begin + 1 :]:
        if token.text in '([{':
            depth += 1
        elif token.text in ')]':
            depth -= 1
        elif token.text == '}':
            return
        elif depth == 0 and token.text == ',':
            expects = True
        elif expects and token.kind == 'name':
            expects = False
            yield token.text


def declarator(piece):
    """The name that is declared: the last one before '(', '[', '=', ';' or ',' outside of all braces; or in `(*name)`."""
    shape = without_attributes(outer(piece))
    last = None
    for i, token in enumerate(shape):
        if token.kind == 'name' and token.text not in NOT_NAMES:
            tag = i > 0 and shape[i - 1].text in TYPES
            last = None if tag else token.text
        elif token.text == '(':
            at = piece.index(token)
            if piece[at + 1].text == '*' and piece[at + 2].kind == 'name':
                return piece[at + 2].text
        if token.text in ('(', '[', '=', ';', ',') and last is not None:
            return last
    return None


def macros(source):
    """Names that the source defines, but those that it defines only where the system does not."""
    found, guards = set(), []
    for words in source.directives():
        texts = [t.text for t in words]
        if texts[1:2] == ['ifndef']:
            guards.append(texts[2])
        elif texts[1:2] in (['if'], ['ifdef']):
            guards.append(None)
        elif texts[1:2] == ['endif'] and guards:
            guards.pop()
        elif texts[1:2] == ['define'] and texts[2] not in guards:
            found.add(texts[2])
    return found


def rename(source, names):
    """Replaces the source's own names, but for members of structures."""
    inside, before, offset = [], [], None
    code = source.code
    for token in source.tokens:
        if token.directive and token.kind == 'name':
            begins = token.text in ('include', 'define', 'undef') and before and before[-1].text == '#'
            if token.text in names and not begins:
                token.text = names[token.text]
    for i, token in enumerate(code):
        previous = code[i - 1].text if i > 0 else ''
        following = code[i + 1].text if i + 1 < len(code) else ''
        if token.text == '{':
            opener = code[i - 1].text if i > 0 else ''
            two = code[i - 2].text if i > 1 else ''
            inside.append('members' if opener in ('struct', 'union') or two in ('struct', 'union') else 'other')
        elif token.text in '([':
            inside.append('offsetof' if previous == 'offsetof' else 'index' if token.text == '[' else 'parens')
        elif token.text in ')]}':
            if inside:
                inside.pop()
        if token.kind != 'name' or token.text not in names:
            continue
        member = (
            previous in ('.', '->')
            or inside[-1:] == ['members'] and previous not in TYPES and following in (';', ',', '[', ':', ')')
            or inside[-2:] == ['members', 'parens'] and previous == '*' and following == ')'
            or inside[-1:] == ['offsetof'] and previous == ','
        )
        if not member:
            token.text = names[token.text]


def make_static(source, shared):
    """Puts PM_LOCAL before every declaration of a name of `shared`."""
    for piece in list(source.declarations()):
        for kind, name, _ in declared(source, piece):
            if kind != 'shared' or name not in shared:
                continue
            first = piece[0]
            if first.text == 'extern':
                first.text = 'PM_LOCAL'
            else:
                first.text = f'PM_LOCAL {first.text}'


class Amalgam:
    def __init__(self, folders, paths):
        self.folders = folders
        self.sources = [Source(path) for path in paths]
        self.headers = {}
        self.public = None
        for source in self.sources:
            self.gather(source)

    def find(self, source, name, line):
        for folder in [os.path.dirname(source.path), *self.folders]:
            path = os.path.join(folder, name)
            if os.path.exists(path):
                return os.path.normpath(path)
        raise source.wrong(line, f'"{name}" is in none of {", ".join(self.folders)}')

    def gather(self, source):
        for name, _, token in self.includes(source):
            if name == 'peermap.h':
                continue
            path = self.find(source, name, token.line)
            if path not in self.headers:
                self.headers[path] = Source(path)
                self.gather(self.headers[path])

    def includes(self, source):
        """(name, depth of conditionals, token) of each header of ours."""
        depth = 0
        for words in source.directives():
            texts = [t.text for t in words]
            depth += texts[1:2] in (['if'], ['ifdef'], ['ifndef'])
            depth -= texts[1:2] == ['endif']
            if texts[1:2] == ['include'] and words[2].kind == 'text':
                yield words[2].text.strip('"'), depth, words[2]

    def settle_names(self):
        everything = [*self.sources, *self.headers.values()]
        used = {t.text for source in everything for t in source.tokens if t.kind == 'name'}
        shared, place = {}, {}
        stems = {}
        for source in self.sources:
            if source.name in stems:
                raise Wrong(f'{source.path} and {stems[source.name]} have one name, which their statics would begin with: rename one')
            stems[source.name] = source.path
            own = {}
            for piece in source.declarations():
                for kind, name, body in declared(source, piece):
                    if kind == 'shared' and body:
                        self.check_shared(source, piece, name, place)
                        place.setdefault(name, source.path)
                        if name.startswith('pm_'):
                            shared[name] = source
                    elif kind != 'shared':
                        own[name] = None
            for name in own:
                own[name] = f'{source.name}_{name}'
                while own[name] in used:
                    own[name] += '_'
                used.add(own[name])
            source.names = own
        self.check_headers(everything)
        return shared

    def check_shared(self, source, piece, name, place):
        if not name.startswith(('pm_', 'peermap_')):
            raise source.wrong(piece[0].line, f'{name} is neither static nor named pm_*: it would be the whole program\'s')
        if place.get(name, source.path) != source.path:
            raise source.wrong(piece[0].line, f'{name} is defined in {place[name]} as well')

    def check_headers(self, everything):
        """A macro of a header is everybody's: nobody else may use its name for anything."""
        ours = {}
        for header in self.headers.values():
            for name in macros(header):
                if ours.get(name, header) is not header:
                    raise Wrong(f'{header.path} and {ours[name].path} both define the macro {name}')
                ours[name] = header
        for source in self.sources:
            for name in sorted((macros(source) | set(source.names)) & set(ours)):
                raise Wrong(f'{source.path} has a {name} of its own, which {ours[name].path} defines as a macro: rename one')

    def write(self, out):
        shared = self.settle_names()
        ends = {source: sorted(source.names.get(name, name) for name in macros(source)) for source in self.sources}
        for source in self.sources:
            rename(source, source.names)
        for source in [*self.sources, *self.headers.values()]:
            make_static(source, shared)
        system, body, done = set(), [], set()
        for source in self.sources:
            body.append(self.text_of(source, system, done))
            body.append(''.join(f'#undef {name}\n' for name in ends[source]))
        out.write(OPENING)
        out.write(''.join(f'#include <{name}>\n' for name in sorted(system)))
        out.write(''.join(body))

    def text_of(self, source, system, done):
        """The file without its own includes: ours are put in before it, once; the system's go to `system`."""
        before, lines, depth = [], [], 0
        guarded = source.path in self.headers
        for line in lines_of(source.tokens):
            words = [t for t in line if t.kind not in ('space', 'newline', 'comment')]
            texts = [t.text for t in words]
            if texts[:1] == ['#']:
                depth += texts[1] in ('if', 'ifdef', 'ifndef')
                depth -= texts[1] == 'endif'
            if texts[:2] == ['#', 'include']:
                plain = depth == (1 if guarded else 0)
                if words[2].kind == 'text':
                    name = words[2].text.strip('"')
                    if name == 'peermap.h':
                        continue
                    path = self.find(source, name, words[2].line)
                    if not plain:
                        raise source.wrong(words[2].line, f'"{name}" is included under a condition')
                    if path not in done:
                        done.add(path)
                        before.append(self.text_of(self.headers[path], system, done))
                    continue
                if plain:
                    system.add(''.join(texts[3:-1]))
                    continue
            lines.append(''.join(t.text for t in line))
        text = re.sub(r'\n{3,}', '\n\n', ''.join(lines)).replace('/* SPDX-License-Identifier: MIT */\n', '', 1)
        return ''.join(before) + f'\n/* ==== {"/".join(source.path.split("/")[-2:])} ==== */\n\n{text.strip()}\n'


def lines_of(tokens):
    line = []
    for token in tokens:
        line.append(token)
        if token.kind == 'newline':
            yield line
            line = []
    if line:
        yield line


OPENING = """\
/* SPDX-License-Identifier: MIT */
/*
 * peermap.c - the whole library in one file, made from its sources; peermap.h is the manual.
 *
 * Put both files into the project and compile this one as C11, with any flags: cc -c -pthread peermap.c.  A C++ program links with it.
 */
#ifdef __cplusplus
#error "compile peermap.c as C: cc -c -pthread peermap.c"
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "peermap.h"

/* Shared by the parts below, and by nobody else.  Some of it only other programs of the project use. */
#define PM_LOCAL static __attribute__((unused))

"""


def main(words):
    split = words.index('--')
    output, folders, paths = words[0], words[1:split], words[split + 1 :]
    try:
        amalgam = Amalgam(folders, sorted(paths))
        with open(output + '.new', 'w', encoding='utf-8') as out:
            amalgam.write(out)
    except Wrong as wrong:
        if os.path.exists(output + '.new'):
            os.remove(output + '.new')
        sys.exit(f'amalgamate: {wrong}')
    os.replace(output + '.new', output)


main(sys.argv[1:])
