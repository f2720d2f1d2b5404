# SPDX-License-Identifier: MIT
#
# What `make install` has put where, and what is still to be set so that compilers, the loader and the shell find it: nothing where they do.  The variables are the Makefile's.

user_path=$PATH
PATH=$PATH:/usr/sbin:/sbin

has() { # a list with colons, and what is looked for in it
    case ":$1:" in *":$2:"*) return 0 ;; esac
    return 1
}

echo "peermap $VERSION is installed${DESTDIR:+ below $DESTDIR}: peermap.h and the headers of C++ in $INCLUDEDIR, the libraries in $LIBDIR,"
echo "the tool in $BINDIR, the manual in $MANDIR"
[ -z "$DESTDIR" ] || exit 0

for command in pkg-config pkgconf; do
    command -v $command >/dev/null || continue
    has "$PKG_CONFIG_PATH:$($command --variable pc_path pkg-config)" "$LIBDIR/pkgconfig" ||
        echo "  so that pkg-config finds it:  export PKG_CONFIG_PATH=$LIBDIR/pkgconfig${PKG_CONFIG_PATH:+:\$PKG_CONFIG_PATH}"
    break
done

if has "$LD_LIBRARY_PATH" "$LIBDIR" || ldconfig -p 2>/dev/null | grep -qF " $LIBDIR/$SONAME"; then
    :
elif ldconfig -N -v 2>/dev/null | grep -q "^$LIBDIR:"; then
    echo "  so that programs find the shared library:  ldconfig, as root"
else
    echo "  so that programs find the shared library:  link them with -Wl,-rpath,$LIBDIR, or run them with LD_LIBRARY_PATH=$LIBDIR"
fi

has "$user_path" "$BINDIR" || echo "  so that the shell finds the tool:  export PATH=$BINDIR:\$PATH"
