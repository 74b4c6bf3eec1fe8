#include <string.h>

char *name(void);

int length(void) {
	return strlen(name());
}
