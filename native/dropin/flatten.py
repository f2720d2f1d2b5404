# SPDX-License-Identifier: MIT
"""Makes one C++ header of several: flatten.py OUTPUT FOLDER HEADER...

Each header of FOLDER that another includes, `#include <peermap_...hpp>`, is put in its place, once.  peermap.h stays the file beside it.
"""

import os
import re
import sys

OPENING = """\
// SPDX-License-Identifier: MIT
//
// peermap.hpp - C++17 over peermap.h in one header, made from its parts: {parts}.
//
// Put it beside peermap.h and peermap.c.  What includes one of the parts by its own name includes this instead.
"""


def flat(folder, name, done):
    done.append(name)
    with open(os.path.join(folder, name), encoding='utf-8') as file:
        lines = file.read().replace('// SPDX-License-Identifier: MIT\n', '', 1).splitlines(keepends=True)
    text = []
    for line in lines:
        match = re.match(r'#include <(peermap\w*\.hpp)>\n', line)
        if match is None:
            text.append(line.replace('#include <peermap.h>', '#include "peermap.h"'))
        elif match[1] not in done:
            text.append(flat(folder, match[1], done))
    return f'\n/* ==== {name} ==== */\n\n{"".join(text).strip()}\n'


def main(output, folder, *names):
    done = []
    text = ''.join(flat(folder, name, done) for name in names if name not in done)
    with open(output + '.new', 'w', encoding='utf-8') as out:
        out.write(OPENING.format(parts=', '.join(sorted(done))) + text)
    os.replace(output + '.new', output)


main(*sys.argv[1:])
