# SPDX-License-Identifier: MIT
#
# What the command line tool installs: the program, its manual, completion for three shells.  Included by ../Makefile, whose list it is
# added to.

INSTALLED_CLI := \
  $(OUT)/peermap:$(BINDIR):755 \
  cli/peermap.1:$(MANDIR)/man1:644 \
  cli/completions/bash/peermap:$(PREFIX)/share/bash-completion/completions:644 \
  cli/completions/zsh/_peermap:$(PREFIX)/share/zsh/site-functions:644 \
  cli/completions/fish/peermap.fish:$(PREFIX)/share/fish/vendor_completions.d:644
INSTALLED += $(INSTALLED_CLI)

.PHONY: install-cli uninstall-cli
install-cli: $(foreach one,$(INSTALLED_CLI),$(firstword $(subst :, ,$(one))))
	$(Q)$(foreach one,$(INSTALLED_CLI),install -D -m $(call part,3,$(one)) $(call part,1,$(one)) $(call installed,$(one)) &&) true

uninstall-cli:
	$(Q)rm -f $(foreach one,$(INSTALLED_CLI),$(call installed,$(one)))
