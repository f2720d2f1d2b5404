# SPDX-License-Identifier: MIT
#
# What the command line tool installs: the program, its manual, completion for three shells.  Included by ../Makefile.  The list has
# FILE:FOLDER:MODE for each, as the library's has.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man

INSTALLED_CLI := \
  $(OUT)/peermap:$(BINDIR):755 \
  cli/peermap.1:$(MANDIR)/man1:644 \
  cli/completions/bash/peermap:$(PREFIX)/share/bash-completion/completions:644 \
  cli/completions/zsh/_peermap:$(PREFIX)/share/zsh/site-functions:644 \
  cli/completions/fish/peermap.fish:$(PREFIX)/share/fish/vendor_completions.d:644

cli-part = $(word $(1),$(subst :, ,$(2)))
cli-installed = $(DESTDIR)$(call cli-part,2,$(1))/$(notdir $(call cli-part,1,$(1)))

.PHONY: install-cli uninstall-cli
install-cli: $(foreach one,$(INSTALLED_CLI),$(call cli-part,1,$(one)))
	$(Q)$(foreach one,$(INSTALLED_CLI),install -D -m $(call cli-part,3,$(one)) $(call cli-part,1,$(one)) $(call cli-installed,$(one)) &&) true

uninstall-cli:
	$(Q)rm -f $(foreach one,$(INSTALLED_CLI),$(call cli-installed,$(one)))
