/* SPDX-License-Identifier: MIT */
/* copy.c - a plugin with a copy of the library inside. */
#include "plugin.h"

__attribute__((visibility("default"))) extern const struct copy plugin_copy;
const struct copy plugin_copy = THIS_COPY;
