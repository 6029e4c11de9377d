/* Command line options; nothing numerical here. */
#include <stdio.h>
#include <string.h>

int has_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return 0;
}

void usage(const char *program)
{
    fprintf(stderr, "usage: %s [--verbose] [--help] FILE\n", program);
}
