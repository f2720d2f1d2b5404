# SPDX-License-Identifier: MIT
#
# The manual of the library, section 3, which python3 makes of peermap.h: a page for each function and each structure.  Without python3 it is left out.
# Included by ../Makefile, whose list it is added to.

MAN3 := $(OUT)/man3
# Where make would count it.
bracket := (
PAGES := peermap $(shell sed -n -e 's/^PEERMAP_API [^$(bracket)]*\(peermap_[a-z_]*\)$(bracket).*/\1/p' -e 's/^} \(peermap_[a-z_]*\);/\1/p' include/peermap.h)
PYTHON := $(shell command -v python3)

INSTALLED += $(if $(PYTHON)$(filter uninstall,$(MAKECMDGOALS)),$(PAGES:%=$(MAN3)/%.3:$(MANDIR)/man3:644))

.PHONY: man
man: $(PAGES:%=$(MAN3)/%.3)
$(MAN3)/peermap.3: include/peermap.h man/header.py man/pages.py
	$(Q)rm -rf $(@D)
	$(Q)python3 man/pages.py $< $(@D)
$(filter-out %/peermap.3,$(PAGES:%=$(MAN3)/%.3)): $(MAN3)/peermap.3 ;
