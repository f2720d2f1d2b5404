# SPDX-License-Identifier: MIT
"""Reads peermap.h as the manual that it is: its introduction, its errors, its types, and what it says of each function.

    header.py HEADER        all of that, as JSON

The form of a function's comment is prose, an empty line, and a paragraph with four labels in any order, at the beginning of a line or of a sentence:

    Blocks: Meanwhile: Returns: Errors:

It stands before one function or several, which it is of.  After "Errors:" come codes, separated by commas, each with when it comes in parentheses; or
"none."; or "in errno:" and such numbers.  "those of peermap_x() [and peermap_y()] [but ECODE [and ECODE]]" stands for their errors.  Anything else is
refused.
"""
import json
import re
import sys

LABELS = ('Blocks', 'Meanwhile', 'Returns', 'Errors')
LABEL = re.compile(r'(?:^|(?<=\.  )|\n)(%s): ' % '|'.join(LABELS))
OTHERS = re.compile(r'those of ((?:peermap_\w+\(\)(?: and )?)+)(?: but (E[A-Z]+(?: and E[A-Z]+)*))?')
CODE = re.compile(r'E[A-Z0-9]+')


class Wrong(Exception):
    pass


def inside(comment):
    """The text of a comment, its lines without what makes them a comment."""
    lines = comment.strip()[2:-2].split('\n')
    lines = [re.sub(r'^\s*\* ?', '', line) if at else line for at, line in enumerate(lines)]
    return '\n'.join(line.rstrip() for line in lines).strip('\n').strip(' ')


def paragraphs(text):
    """Of prose {'text'}, of lists {'items'}, of code {'code'}."""
    found = []
    for block in re.split(r'\n(?:[ \t]*\n)+', text):
        lines = block.split('\n')
        if all(line.startswith('    ') for line in lines):
            if found and 'code' in found[-1]:
                found[-1]['code'] += '\n\n' + '\n'.join(line[4:] for line in lines)
            else:
                found.append({'code': '\n'.join(line[4:] for line in lines)})
        elif lines[0].startswith('- '):
            items = [item[2:] for item in re.split(r'\n(?=- )', block)]
            if found and 'items' in found[-1]:
                found[-1]['items'] += items
            else:
                found.append({'items': items})
        else:
            found.append({'text': block})
    return found


def split_list(text):
    """At the commas outside of parentheses."""
    parts, depth, begin = [], 0, 0
    for at, c in enumerate(text):
        depth += (c == '(') - (c == ')')
        if c == ',' and depth == 0:
            parts.append(text[begin:at])
            begin = at + 1
    return [re.sub(r'^(and )?', '', part.strip()) for part in parts + [text[begin:]]]


def read_errors(text, known):
    text = ' '.join(text.split())
    if not text.endswith('.'):
        raise Wrong('the errors end without a full stop: %s' % text)
    if re.match(r'none[.:]', text):
        return {'kind': 'none', 'note': text[5:].strip() if text[4] == ':' else '', 'list': []}
    kind = 'code'
    if text.startswith('in errno: '):
        kind, text = 'errno', text[len('in errno: '):]
    listed, others = [], []
    for item in split_list(text[:-1]):
        other = OTHERS.fullmatch(item)
        if other:
            others.append({'of': re.findall(r'peermap_\w+', other[1]), 'but': CODE.findall(other[2] or '')})
            continue
        one = re.fullmatch(r'(E[A-Z0-9]+)(?: \((.+)\))?', item)
        if not one or (kind == 'code' and one[1] not in known):
            raise Wrong('what is "%s" in a list of errors?' % item)
        if any(error['name'] == one[1] for error in listed):
            raise Wrong('%s stands twice in a list of errors' % one[1])
        listed.append({'name': one[1], 'when': one[2] or ''})
    return {'kind': kind, 'note': '', 'list': listed, 'others': others}


def read_form(comment, known):
    text = inside(comment)
    does, _, form = text.rpartition('\n\n')
    parts = LABEL.split(form)
    if not does or parts[0].strip():
        raise Wrong('no paragraph of %s at its end' % ', '.join(LABELS))
    said = {}
    for label, words in zip(parts[1::2], parts[2::2]):
        words = re.sub(r'\n *', '\n', words).strip()
        if label in said or not words.endswith('.'):
            raise Wrong('%s %s' % (label, 'is said twice' if label in said else 'ends without a full stop'))
        said[label] = words
    missing = [label for label in LABELS if label not in said]
    if missing:
        raise Wrong('nothing is said of: %s' % ', '.join(missing))
    return {
        'does': paragraphs(does),
        'blocks': said['Blocks'],
        'meanwhile': said['Meanwhile'],
        'returns': said['Returns'],
        'errors': read_errors(said['Errors'], known),
    }


def read_prototype(text):
    text = ' '.join(text.split())
    one = re.fullmatch(r'PEERMAP_API (?:PEERMAP_CHECKED )?(.*?)(peermap_\w+)\((.*)\);', text)
    if not one:
        raise Wrong('no prototype: %s' % text)
    return {'type': one[1].strip(), 'name': one[2], 'parameters': [] if one[3] == 'void' else [word.strip() for word in one[3].split(',')]}


def read_fields(body, separator):
    """Declarations or constants, each with the comment after it; one comment may go on after a declaration without any."""
    fields = []
    for one in re.finditer(r'([^%s/]+)%s[ \t]*(?:/\*(.*?)\*/)?' % (separator, separator), body, re.S):
        fields.append({'declaration': ' '.join(one[1].split()), 'comment': inside('/*' + (one[2] or '') + '*/')})
    return fields


TOKEN = re.compile(
    r"""/\*\ ----\ (?P<group>.*?)\ ----\ \*/
      |(?P<comment>/\*.*?\*/)
      |^(?P<function>PEERMAP_API\ [^;]*;)
      |^typedef\ struct\ (?P<struct>\w+)\ \{\n(?P<fields>.*?)^\}\ \w+;
      |^enum(?:\ (?P<enum>\w+))?\ \{\n(?P<constants>[^#]*?)^\};
      |^typedef\ (?P<handler>[^{;]*\([^;]*\);)
      |(?P<gap>\n[ \t]*\n)
      |(?P<preprocessor>^\#(?:[^\n]*\\\n)*[^\n]*)
      |(?P<other>.)""",
    re.X | re.S | re.M,
)


def read(source):
    manual = {
        'version': re.search(r'^#define PEERMAP_VERSION "(.*)"$', source, re.M)[1],
        'errors': [
            {'name': name, 'code': int(code), 'text': text}
            for name, code, text in re.findall(r'^ +X\((E\w+), (-\d+), "(.*?)"\)', source, re.M)
        ],
        'types': [],
        'functions': [],
    }
    known = {error['name'] for error in manual['errors']}
    introduction = re.search(r'^/\*\n \* peermap\.h - .*?\*/', source, re.M | re.S)
    manual['introduction'] = paragraphs(inside(introduction[0]))
    comment = group = form = None
    for token in TOKEN.finditer(source, introduction.end()):
        kind = token.lastgroup
        if kind == 'constants' or kind == 'fields':
            name = token['struct'] or token['enum'] or ''
            body, separator = (token['fields'], ';') if kind == 'fields' else (token['constants'] + ',', ',')
            manual['types'].append(
                {
                    'kind': 'struct' if kind == 'fields' else 'enum',
                    'name': name,
                    'comment': inside(comment) if comment else '',
                    'fields': [field for field in read_fields(body, separator) if field['declaration']],
                }
            )
        elif kind == 'handler':
            manual['types'].append({'kind': 'typedef', 'name': re.search(r'(\w+)\(', token[0])[1], 'declaration': token[0], 'fields': []})
        elif kind == 'function':
            prototype = read_prototype(token['function'])
            try:
                if comment:
                    form = dict(read_form(comment, known), page=prototype['name'], group=group)
                if not form:
                    raise Wrong('it has no comment')
            except Wrong as wrong:
                raise Wrong('%s: %s' % (prototype['name'], wrong)) from None
            manual['functions'].append(dict(prototype, **form))
        if kind == 'group':
            group = token['group']
        if kind == 'gap':
            form = None
        if kind == 'comment':
            comment = token['comment']
        elif kind != 'other' or token['other'] != '\n':
            comment = None
    expand(manual)
    return manual


def expand(manual):
    """What is said to be another function's errors, in its place before those that are listed, which count where both say something."""
    by_name = {function['name']: function for function in manual['functions']}

    def errors_of(function, within=()):
        errors = function['errors']
        if function['name'] in within:
            raise Wrong('%s: its errors are said to be its own' % function['name'])
        merged = {}
        for others in errors.get('others', []):
            for name in others['of']:
                if name not in by_name:
                    raise Wrong('%s: there is no function %s' % (function['name'], name))
                for error in errors_of(by_name[name], (*within, function['name'])):
                    if error['name'] not in others['but']:
                        merged.setdefault(error['name'], dict(error))
        for error in errors['list']:
            merged[error['name']] = error
        return list(merged.values())

    whole = {name: errors_of(function) for name, function in by_name.items()}
    for name, function in by_name.items():
        function['errors'] = {'kind': function['errors']['kind'], 'note': function['errors']['note'], 'list': whole[name]}


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        json.dump(read(file.read()), sys.stdout, indent=1)


if __name__ == '__main__':
    try:
        main()
    except Wrong as wrong:
        sys.exit('%s: %s' % (sys.argv[1], wrong))
