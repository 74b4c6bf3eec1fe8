#include <stdlib.h>
#include <string.h>

char *name(void);

int length(void) {
	char *s = name();
	int n = strlen(s);
	free(s);
	return n;
}
