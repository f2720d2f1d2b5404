#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual pages of section 3 out of peermap.h.

    pages.py HEADER FOLDER

peermap.3 is what the head of the header says; each comment before functions becomes the page of the first of them, to which pages of the names of the
others lead, and of the types that it is the first to have.  The date is SOURCE_DATE_EPOCH, or the header's.
"""
import errno
import os
import re
import sys
import time

sys.dont_write_bytecode = True
from header import Wrong, read  # noqa: E402

WIDTH = 76  # of what is not filled: prototypes
FORM = ('blocks', 'Blocks'), ('meanwhile', 'Meanwhile')


def escape(text):
    """In prose.  A hyphen between words is one; what stands between anything else, or alone, is to be found and copied as it is."""
    text = text.replace('\\', '\\e').replace('`', '\\(ga').replace('^', '\\(ha').replace('~', '\\(ti')
    return re.sub(r'(?<![A-Za-z]{2})-|-(?![A-Za-z]{2})', lambda _: '\\-', text)


def exactly(text):
    """In code."""
    text = text.replace('\\', '\\e').replace('-', '\\-').replace("'", '\\(aq').replace('`', '\\(ga').replace('^', '\\(ha').replace('~', '\\(ti')
    return '\n'.join('\\&' + line if line.startswith('.') else line for line in text.split('\n'))


def bold(text):
    return '\\fB\\%%%s\\fP' % exactly(text)


def italic(text):
    return '\\fI\\%%%s\\fP' % exactly(text)


def capitalised(text):
    return text if re.match(r'errno|enum |\w+[._(]\w', text) else text[:1].upper() + text[1:]


def sentences(text):
    """Lines as they were filled become one line for each sentence."""
    text = re.sub(r'(?<![.?!])\n *', ' ', text)
    return re.sub(r'(?<=[.?!])(?:  +|\n *)', '\n', text)


def visible(line):
    return re.sub(r'\\f.|\\[&%]', '', line).replace('\\-', '-').replace('\\(aq', "'")


class Pages:
    MARKED = re.compile(
        r"""`(?P<code>[^`]+)`
          |(?P<call>\b[A-Za-z_]\w+)\(\)
          |(?P<constant>\bPEERMAP_[A-Z_0-9]+)
          |(?P<number>\bE[A-Z0-9]{3,}\b)
          |(?P<type>\bpeermap_[a-z_]+(?:\.[a-z_]+)?\b(?![.-]\w|\()|\boptions\.[a-z_]+)
          |\*(?P<stressed>\w+)\*
          |(?P<path>(?<![\w.])/(?:dev|proc|sys)(?:/[\w.]+)*(?<!\.))
          |(?P<see>\b(?:[Ss]ee|of)\ )(?P<section>[A-Z]{4,})\b
          |(?P<rest>.)""",
        re.X | re.S,
    )

    def __init__(self, manual, date):
        self.manual, self.date = manual, date
        self.codes = {error['name'] for error in manual['errors']}
        self.texts = {error['name']: error['text'] for error in manual['errors']}
        self.functions = {one['name']: one for one in manual['functions']}
        self.types = {one['name']: one for one in manual['types'] if one['name']}
        self.sections = re.findall(r'^([A-Z]{4,})[.,] ', '\n'.join(part.get('text', '') for part in manual['introduction']), re.M)
        self.pages = {}
        for one in manual['functions']:
            self.pages.setdefault(one['page'], []).append(one)
        self.home = {}  # of types: the page that describes each
        for page, functions in self.pages.items():
            for name in self.types_of(functions, True):
                self.home.setdefault(name, page)

    # ---- words ----

    def marked(self, text, own=(), errnos=False):
        """One paragraph, with its names set as what they are; `own`: the functions of this page; `errnos`: names of errors are the system's."""
        plain, out = [], []

        def flush():
            out.append(escape(''.join(plain)))
            plain.clear()

        text = sentences(text)
        for token in self.MARKED.finditer(text):
            kind = token.lastgroup
            if kind == 'number':
                system = errnos or text[: token.start()].endswith(('errno ', 'errno is ', 'errno: '))
                known = token['number'] in self.codes or hasattr(errno, token['number'])
                kind = 'rest' if not known else kind
                name = token['number'] if system or token['number'] not in self.codes else 'PEERMAP_' + token['number']
            if kind == 'section' and token['section'] not in self.sections:
                kind = 'rest'
            if kind == 'rest':
                plain.append(token[0])
                continue
            flush()
            if kind == 'code':
                out.append(italic(token['code']))
            elif kind == 'call':
                out.append(bold(token['call']) + ('(3)' if token['call'] in self.functions and token['call'] not in own else '()'))
            elif kind == 'number':
                out.append(bold(name))
            elif kind == 'constant':
                out.append(bold(token['constant']))
            elif kind == 'section':
                out.append(token['see'] + token['section'] + (' in \\fB\\%peermap\\fP(3)' if own else ''))
            else:
                out.append(italic(token[kind]))
        flush()
        return '\n'.join('\\&' + line if line.startswith(('.', "'")) else line for line in ''.join(out).split('\n'))

    def items(self, items, own):
        heads = [re.match(r'(\w+): ', item) for item in items]
        if all(heads) and len({head[1] for head in heads}) == len(items):
            for head, item in zip(heads, items):
                name = 'PEERMAP_' + head[1] if head[1] in self.codes else head[1]
                yield '.TP\n%s\n%s' % (bold(name), self.marked(capitalised(item[head.end():]), own))
            return
        for item in items:
            parts = re.split(r'\n  (?=(?:Remedy|What holds regardless): )', item)
            yield '.IP \\(bu 2\n' + '\n.br\n'.join(self.marked(part, own) for part in parts)

    def paragraphs(self, parts, own=()):
        lines = []
        for part in parts:
            if 'code' in part:
                lines += ['.PP', '.in +4n', '.EX', exactly(part['code']), '.EE', '.in']
            elif 'items' in part:
                lines += self.items(part['items'], own)
            else:
                lines += ['.PP', self.marked(part['text'], own)]
        return lines[1:] if lines[:1] == ['.PP'] else lines

    def head(self, name, names, summary):
        return [
            '.\\" SPDX-License-Identifier: MIT',
            '.\\" Made from peermap.h by man/pages.py.',
            '.TH %s 3 %s "peermap %s" "Peermap"' % (name, self.date, self.manual['version']),
            '.SH NAME',
            '%s \\- %s' % (', '.join(names), escape(summary)),
            '.SH SYNOPSIS',
            '.nf',
            '.B #include <peermap.h>',
        ]

    def summary(self, function):
        """The beginning of what it says that it does, without what is aside."""
        text = ' '.join(function['does'][0]['text'].split())
        text = re.sub(r' \([^()]*(?:\(\)[^()]*)*\)', '', re.split(r'(?<=\w|\)|`)\.(?: |$)|[:;]', text)[0]).replace('`', '')
        return text if re.match(r'[A-Z]{2}', text) else text[0].lower() + text[1:]

    # ---- types ----

    def types_of(self, functions, describes):
        """Names of the types that this page has: those that its functions fill, and, if it `describes` them, those that they are given."""
        found = []

        def add(text, given):
            for name in re.findall(r'\bpeermap_\w+\b', text):
                one = self.types.get(name)
                if not one or name in found or (given and not describes):
                    continue
                found.append(name)
                add(one.get('declaration', ''), False)
                for field in one['fields']:
                    for other in re.findall(r'enum (peermap_\w+)', field['comment']):
                        add(other, False)

        for function in functions:
            for parameter in function['parameters']:
                add(parameter, parameter.startswith('const '))
        return found

    def flags_of(self, name):
        return [one for one in self.manual['types'] if one['name'] == '' and name + '.' in one['comment']]

    def definition(self, one):
        if one['kind'] == 'typedef':
            return one['declaration']
        if one['kind'] == 'enum':
            return 'enum %s {\n%s\n};' % (one['name'], '\n'.join('    %s,' % field['declaration'] for field in one['fields']))
        fields = '\n'.join('    %s;' % field['declaration'] for field in one['fields'])
        return 'typedef struct %s {\n%s\n} %s;' % (one['name'], fields, one['name'])

    def described(self, one, own):
        fields = [field for field in one['fields'] if field['comment'] and not re.search(r'\breserved\d?\b', field['declaration'])]
        if not fields:
            return []
        title = '%s %s' % (one['kind'], one['name']) if one['name'] else one['comment'].split('\n')[0].rstrip('.')
        lines = ['.SS %s' % exactly(title)]
        if one['name'] and one['comment']:
            lines.append(self.marked(one['comment'], own, True))
        for field in fields:
            name = re.match(r'(?:.*?\b)??(\w+)(?:\[\w+\])?(?: = .*)?$', field['declaration'])[1]
            lines += ['.TP', bold(name) if one['kind'] == 'enum' else italic(name), self.marked(re.sub(r'(?<=[^.])$', '.', capitalised(field['comment'])), own, True)]
        return lines

    # ---- pages ----

    def prototype(self, function):
        begin = '%s%s%s(' % (function['type'], '' if function['type'].endswith('*') else ' ', function['name'])
        lines, line = [], '\\fB%s\\fP' % begin
        for at, parameter in enumerate(function['parameters'] or ['void']):
            kind, name = re.fullmatch(r'(.*?)(\w+)', parameter).groups() if parameter != 'void' else ('void', '')
            last = at + 1 >= len(function['parameters'])
            word = '\\fB%s\\fI%s\\fB%s\\fP' % (kind, name, ');' if last else ',')
            if len(visible(line + ' ' + word)) > WIDTH and at > 0:
                lines.append(line)
                line = '\\&' + ' ' * min(len(begin), WIDTH - len(visible(word))) + word
            else:
                line += (' ' if at > 0 else '') + word
        return lines + [line]

    def see_also(self, lines, own, more):
        text = '\n'.join(lines)
        names = {name for name in re.findall(r'\\fB\\%(peermap\w*)\\fP\(3\)', text)} | set(more)
        names = sorted((self.functions[name]['page'] if name in self.functions else name) for name in names)
        names = [name for name in dict.fromkeys(names) if name not in own]
        return ['.SH SEE ALSO'] + ['.BR \\%%%s (3)%s' % (name, ',' if at + 1 < len(names) else '') for at, name in enumerate(names)]

    def errors(self, errors, own):
        if errors['kind'] == 'none':
            return ['None%s.' % (': ' + self.marked(errors['note'].rstrip('.'), own) if errors['note'] else '')]
        codes = errors['kind'] == 'code'
        lines = [
            '\\fB\\%peermap_last_error\\fP(3) has a sentence that names the thing and the remedy; \\fB\\%peermap\\fP(3) says what some of these are everywhere.'
            if codes
            else '\\fI\\%errno\\fP is one of these, and \\fB\\%peermap_last_error\\fP(3) has a sentence that names the thing and the remedy.'
        ]
        for error in errors['list']:
            text = capitalised(self.texts[error['name']]) if codes else ''
            text += (' (%s)' if codes else '%s') % error['when'] if error['when'] else ''
            name = 'PEERMAP_' + error['name'] if codes else error['name']
            lines += ['.TP', bold(name), self.marked((text if codes else capitalised(text)) + '.', own)]
        return lines

    def page(self, name):
        functions = self.pages[name]
        first, own = functions[0], [function['name'] for function in functions]
        types = [one for one in self.types_of(functions, False)]
        types += [one for one in self.types_of(functions, True) if one not in types and self.home[one] == name]
        elsewhere = [one for one in self.types_of(functions, True) if one not in types]
        lines = self.head(name, own, self.summary(first)) + ['.PP']
        for function in functions:
            lines += self.prototype(function)
        lines.append('.fi')
        for one in types:
            lines += ['.PP', '.EX', exactly(self.definition(self.types[one])), '.EE']
        lines += ['.SH DESCRIPTION', *self.paragraphs(first['does'], own)]
        if elsewhere:
            homes = ['%s in %s(3)' % (italic(one), bold(self.home[one])) for one in elsewhere if self.types[one]['kind'] == 'struct']
            lines += ['.PP', 'What is given is described elsewhere: %s.' % ', '.join(homes)]
        for key, label in FORM:
            lines += ['.TP', bold(label), self.marked(capitalised(first[key]), own)]
        for one in types:
            lines += self.described(self.types[one], own)
            for flags in self.flags_of(one):
                lines += self.described(flags, own)
        lines += ['.SH "RETURN VALUE"', self.marked(capitalised(first['returns']), own)]
        if first['errors']['kind'] == 'code':
            lines.append('Where it fails it returns one of the codes below, which are negative.')
        lines += ['.SH ERRORS', *self.errors(first['errors'], own)]
        return lines + self.see_also(lines, own, ['peermap'])

    def listed(self):
        """All functions, by groups, in the words of their pages."""
        lines, group = [], None
        for name, functions in self.pages.items():
            if functions[0]['group'] != group:
                group = functions[0]['group']
                lines += ['.SS %s' % exactly(capitalised(group.split(':')[0]))]
            names = ', '.join(bold(function['name']) + '(3)' for function in functions)
            lines += ['.TP', names, escape(capitalised(self.summary(functions[0]))) + '.']
        return lines

    def overview(self):
        parts = self.manual['introduction']
        summary = re.fullmatch(r'peermap\.h - (.*)\.', parts[0]['text'])[1]
        lines = self.head('peermap', ['peermap'], summary)
        lines += ['.PP', exactly('cc ... -lpeermap -lpthread'), '.fi', '.SH DESCRIPTION']
        begin, section = 1, None
        for at, part in enumerate(parts + [{'text': 'ENDOF.  '}]):
            title = re.match(r'([A-Z]{4,})([.,]) +', part.get('text', ''))
            if not title:
                continue
            lines += self.paragraphs(parts[begin:at])
            if section == 'ERRORS':
                lines += self.all_errors()
            if section == 'FUNCTIONS':
                lines += self.listed()
            if at == len(parts):
                break
            section, begin = title[1], at
            part['text'] = capitalised(part['text'][title.end():]) + (':' if title[2] == ',' else '')
            lines.append('.SH %s' % section)
        return lines + ['.SH SEE ALSO', '.BR peermap (1),', '.BR shm_overview (7)']

    def all_errors(self):
        for error in self.manual['errors']:
            yield '.TP\n%s (%s)\n%s' % (bold('PEERMAP_' + error['name']), exactly(str(error['code'])), self.marked(capitalised(error['text']) + '.'))

    def write(self, folder):
        pages = {name: self.page(name) for name in self.pages}
        aliases = {function['name']: page for page, functions in self.pages.items() for function in functions if function['name'] != page}
        aliases.update((name, page) for name, page in self.home.items() if self.types[name]['kind'] == 'struct')
        for name, page in aliases.items():
            if name in pages:
                raise Wrong('there are two pages %s' % name)
            pages[name] = ['.so man3/%s.3' % page]
        pages['peermap'] = self.overview()  # the last one: when it is there, all are
        os.makedirs(folder, exist_ok=True)
        for name, lines in pages.items():
            with open(os.path.join(folder, name + '.3'), 'w', encoding='utf-8') as file:
                file.write('\n'.join(lines) + '\n')


def main():
    header, folder = sys.argv[1:]
    with open(header, encoding='utf-8') as file:
        manual = read(file.read())
    when = int(os.environ.get('SOURCE_DATE_EPOCH') or os.path.getmtime(header))
    Pages(manual, time.strftime('%Y-%m-%d', time.gmtime(when))).write(folder)


if __name__ == '__main__':
    try:
        main()
    except Wrong as wrong:
        sys.exit('%s: %s' % (sys.argv[1], wrong))
