/* SPDX-License-Identifier: MIT */
/*
 * shapes.c - a peer whose roots are of many types: shapes SEGMENT.
 *
 * Says "ready" when all is in place.  Each line that it reads adds one to shapes.count, and is answered "ok".  Ends with its standard
 * input.  What it cannot have, it says, and exits with 1.
 */
#include <peermap.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Of table.cc, which is a library with debug information of its own. */
extern size_t table_make(void *at);

enum color { RED, GREEN = 5, BLUE };
enum access { READ = 1, WRITE = 2, RUN = 4 };

struct point {
    int16_t x, y;
};

struct node {
    struct node *next;
    uint64_t value;
};

union number {
    float real;
    uint32_t bits;
};

struct shapes {
    _Atomic uint64_t count;
    int8_t negative;
    bool yes;
    char letter;
    unsigned low : 3, middle : 9;
    int below : 4;
    enum color color;
    enum color strange;
    enum access access;
    float third;
    double half;
    struct point points[3];
    uint32_t squares[20];
    int matrix[2][2];
    union number number;
    struct {
        int inner;
    };
    char name[16];
    char full[4];
    const char *text;
    const char *unending;
    struct node *ring;
    struct node *none;
    void *anything;
    void *outside;
    struct shapes *self;
    int (*call)(const char *);
    __int128 wide;
};

struct deep {
    struct deep *down;
    int level;
};

struct broad {
    struct point rows[16][16][16];
    struct deep *first;
};

struct half {
    char text[40];
};

#define ROOM 65536

static void fill(struct shapes *shapes, char *at)
{
    static int mine;
    struct node *nodes = (struct node *)(at + 4096);
    char *text = at + 8192;
    strcpy(text, "gr\xc3\xbc\xc3\x9f \"you\"\n\x1b[31m");
    memset(text + 256, 'x', 256);
    for (unsigned i = 0; i < 3; i++)
        nodes[i] = (struct node){ &nodes[(i + 1) % 3], 100 + i };
    *shapes = (struct shapes){
        .count = 41,
        .negative = -7,
        .yes = true,
        .letter = 'q',
        .low = 5,
        .middle = 300,
        .below = -3,
        .color = BLUE,
        .strange = (enum color)77,
        .access = READ | RUN,
        .third = 0.1f,
        .half = -0.5,
        .points = { { 1, -1 }, { 2, -2 }, { 3, -3 } },
        .matrix = { { 1, 2 }, { 3, 4 } },
        .number = { .real = 1.0f },
        .inner = 9,
        .name = "quotes",
        .full = { 'f', 'u', 'l', 'l' },
        .text = text,
        .unending = text + 256,
        .ring = nodes,
        .anything = text,
        .outside = &mine,
        .self = shapes,
        .call = puts,
        .wide = -1,
    };
    for (uint32_t i = 0; i < 20; i++)
        shapes->squares[i] = i * i;
}

static void sink(struct deep *deep)
{
    for (int i = 0; i < 8; i++)
        deep[i] = (struct deep){ i < 7 ? &deep[i + 1] : NULL, i };
}

int main(int argc, char **argv)
{
    peermap_segment *segment = NULL;
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "shapes", .initial_size = ROOM };
    if (argc != 2 || peermap_create(argv[1], &options, &segment) != 0) {
        fprintf(stderr, "shapes: %s\n", peermap_last_error());
        return 1;
    }
    char *base = peermap_base(segment);
    struct shapes *shapes = (struct shapes *)(base + 64);
    struct deep *deep = (struct deep *)(base + 20480);
    struct broad *broad = (struct broad *)(base + 24576);
    fill(shapes, base);
    sink(deep);
    broad->first = deep;
    const struct {
        const char *name;
        void *at;
        size_t size;
        const char *type;
    } roots[] = {
        { "shapes", shapes, sizeof *shapes, "struct shapes" },
        { "bare", shapes, sizeof *shapes, "shapes" },
        { "deep", deep, sizeof *deep, "struct deep" },
        { "broad", broad, sizeof *broad, "struct broad" },
        { "squares", shapes->squares, sizeof shapes->squares, "uint32_t[20]" },
        { "pointer", &shapes->ring, sizeof shapes->ring, "struct node *" },
        { "larger", deep, sizeof *deep + 8, "struct deep" },
        { "cut", base + peermap_size(segment) - 16, 16, "struct half" },
        { "unknown", deep, 8, "struct nobody" },
        { "untyped", deep, 8, NULL },
        { "spliced", deep, 8, "int'); gdb.execute('shell touch spliced') #" },
        { "command", deep, 8, "int\nshell touch spliced\n" },
        { "table", base + 49152, table_make(base + 49152), "ns::table" },
    };
    struct half unused;
    (void)unused;
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        if (peermap_set_root(segment, roots[i].name, roots[i].at, roots[i].size, roots[i].type) != 0) {
            fprintf(stderr, "shapes: %s: %s\n", roots[i].name, peermap_last_error());
            return 1;
        }
    }
    printf("ready\n");
    fflush(stdout);
    for (char line[64]; fgets(line, sizeof line, stdin) != NULL;) {
        shapes->count++;
        printf("ok\n");
        fflush(stdout);
    }
    peermap_detach(segment);
    return 0;
}
