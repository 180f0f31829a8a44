// The kernels of one instruction set, as the addon calls them.
#pragma once
#include "arguments.h"
#include <stdint.h>

typedef void (*Kernel)(char *heap, const void *args, uint32_t part, uint32_t parts, char *scratch);

#define INDEX(name) INDEX_##name,
enum { ALL_KERNELS(INDEX) KERNEL_COUNT };
#undef INDEX

typedef struct {
  uint32_t (*panelSize)(uint32_t k, uint32_t n);
  uint32_t (*gatePanelSize)(uint32_t gates, uint32_t hiddenSize, uint32_t inputs, uint32_t transpose);
  uint32_t (*gateWidth)(uint32_t gates, uint32_t hiddenSize);
  uint32_t (*scratchSize)(void);
  Kernel kernels[KERNEL_COUNT];
} KernelTable;
