// All kernels for one instruction set: compiled once for each, with TABLE naming what comes of it.
#include "all.c"
#include "table.h"

#define ENTRY(name) (Kernel) hs_##name,
const KernelTable TABLE = {hs_panelSize, hs_gatePanelSize, hs_gateWidth, hs_scratchSize, {ALL_KERNELS(ENTRY)}};
