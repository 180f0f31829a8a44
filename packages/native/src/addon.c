// The kernels as a Node-API module. It holds no state of its own, so any number of threads may load and call it at once.
//
//   version            of the package, for the loader to compare with its own
//   layout             a hash of all kernels' names and arguments: what must agree for a call to make sense
//   instructionSets    [{ name, runs }], the best first: those compiled in, and whether this processor has them
//   load(name)         { panelSize, gatePanelSize, gateWidth, scratchSize, and every kernel }, as a wasm module exports them:
//                      kernel(heap: Uint8Array, args, part, parts, scratch), the last four whole numbers, args and scratch offsets
#define NAPI_VERSION 8
#include "identity.h"
#include "processor.h"
#include "table.h"
#include <node_api.h>

typedef struct {
  const char *name;
  const KernelTable *table;
  int runs;
} InstructionSet;

#if defined(__x86_64__)
extern const KernelTable tableAvx512, tableAvx2;
#define SETS                                          \
  const int features = processorFeatures();           \
  const InstructionSet sets[] = {                     \
      {"avx512", &tableAvx512, features & HAS_AVX512}, \
      {"avx2", &tableAvx2, features & HAS_AVX2},       \
  };
#elif defined(__aarch64__)
extern const KernelTable tableNeon;
#define SETS const InstructionSet sets[] = {{"neon", &tableNeon, 1}};
#else
#error "no instruction set for this architecture"
#endif
#define SET_COUNT (sizeof sets / sizeof sets[0])

#define MOST_ARGUMENTS 5

// The whole numbers among a call's arguments, from `first` to `count` - 1; 0 and an exception where one is none.
static int readNumbers(napi_env env, napi_value *values, uint32_t *numbers, int first, int count) {
  for (int i = first; i < count; i++) {
    if (napi_get_value_uint32(env, values[i], &numbers[i]) == napi_ok) continue;
    napi_throw_type_error(env, NULL, "hiddenstate: expected a whole number");
    return 0;
  }
  return 1;
}

static void *readCall(napi_env env, napi_callback_info info, napi_value values[MOST_ARGUMENTS]) {
  size_t count = MOST_ARGUMENTS;
  void *data = NULL;
  napi_get_cb_info(env, info, &count, values, NULL, &data);
  return data;
}

static napi_value runKernel(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  const Kernel *kernel = readCall(env, info, values);
  void *heap = NULL;
  if (napi_get_typedarray_info(env, values[0], NULL, NULL, &heap, NULL, NULL) != napi_ok) {
    napi_throw_type_error(env, NULL, "hiddenstate: expected the heap as a typed array");
    return NULL;
  }
  uint32_t numbers[MOST_ARGUMENTS];
  if (!readNumbers(env, values, numbers, 1, 5)) return NULL;
  (*kernel)(heap, (char *)heap + numbers[1], numbers[2], numbers[3], (char *)heap + numbers[4]);
  return NULL;
}

static napi_value numberOf(napi_env env, uint32_t number) {
  napi_value value = NULL;
  napi_create_uint32(env, number, &value);
  return value;
}

static napi_value panelSize(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  uint32_t n[MOST_ARGUMENTS];
  const KernelTable *table = readCall(env, info, values);
  return readNumbers(env, values, n, 0, 2) ? numberOf(env, table->panelSize(n[0], n[1])) : NULL;
}

static napi_value gatePanelSize(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  uint32_t n[MOST_ARGUMENTS];
  const KernelTable *table = readCall(env, info, values);
  return readNumbers(env, values, n, 0, 4) ? numberOf(env, table->gatePanelSize(n[0], n[1], n[2], n[3])) : NULL;
}

static napi_value gateWidth(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  uint32_t n[MOST_ARGUMENTS];
  const KernelTable *table = readCall(env, info, values);
  return readNumbers(env, values, n, 0, 2) ? numberOf(env, table->gateWidth(n[0], n[1])) : NULL;
}

static napi_value scratchSize(napi_env env, napi_callback_info info) {
  napi_value values[MOST_ARGUMENTS];
  const KernelTable *table = readCall(env, info, values);
  return numberOf(env, table->scratchSize());
}

static void addFunction(napi_env env, napi_value object, const char *name, napi_callback call, const void *data) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, (void *)data, &function) == napi_ok) {
    napi_set_named_property(env, object, name, function);
  }
}

static void addText(napi_env env, napi_value object, const char *name, const char *text) {
  napi_value value;
  if (napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok) {
    napi_set_named_property(env, object, name, value);
  }
}

static napi_value functionsOf(napi_env env, const KernelTable *table) {
  napi_value functions = NULL;
  if (napi_create_object(env, &functions) != napi_ok) return NULL;
  addFunction(env, functions, "panelSize", panelSize, table);
  addFunction(env, functions, "gatePanelSize", gatePanelSize, table);
  addFunction(env, functions, "gateWidth", gateWidth, table);
  addFunction(env, functions, "scratchSize", scratchSize, table);
#define ADD(name) addFunction(env, functions, #name, runKernel, &table->kernels[INDEX_##name]);
  ALL_KERNELS(ADD)
  return functions;
}

static int sameText(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

static napi_value load(napi_env env, napi_callback_info info) {
  SETS
  napi_value values[MOST_ARGUMENTS];
  readCall(env, info, values);
  char name[16] = "";
  napi_get_value_string_utf8(env, values[0], name, sizeof name, NULL);
  for (size_t i = 0; i < SET_COUNT; i++) {
    if (sets[i].runs && sameText(sets[i].name, name)) return functionsOf(env, sets[i].table);
  }
  napi_throw_error(env, NULL, "hiddenstate: this processor or this build lacks that instruction set");
  return NULL;
}

NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  SETS
  addText(env, exports, "version", VERSION);
  addText(env, exports, "layout", LAYOUT);
  napi_value list;
  napi_create_array_with_length(env, SET_COUNT, &list);
  for (uint32_t i = 0; i < SET_COUNT; i++) {
    napi_value set, runs;
    napi_create_object(env, &set);
    addText(env, set, "name", sets[i].name);
    napi_get_boolean(env, sets[i].runs != 0, &runs);
    napi_set_named_property(env, set, "runs", runs);
    napi_set_element(env, list, i, set);
  }
  napi_set_named_property(env, exports, "instructionSets", list);
  addFunction(env, exports, "load", load, NULL);
  return exports;
}
