/* Notation: values written short, for the tests of expressions.
 *
 *     'text'  12.5  b'bytes'  true  false  null  ss(a b)  ns(1 2)  bs(a b)  [1, 'x']  {name: 1}
 *
 * A name is what stands before ": ", so placeholders can be written too: {:v: 1, #n: 'x'}. What is
 * malformed ends the program: it is a mistake in a test. */
#pragma once

#include "dynamodb/expr/expr.h"

struct value notation_value(struct arena *a, const char *text);
struct item notation_item(struct arena *a, const char *text);
/* names: {#n: 'name'}; values: {:v: 1}; NULL for none. */
struct expr_params notation_params(struct arena *a, const char *names, const char *values);
struct str notation_show(struct arena *a, struct value v);
struct str notation_show_item(struct arena *a, struct item item);
