// What a loader needs to know of the layouts and of the scratch area.
#include "gate-layout.h"
#include "scratch.h"

EXPORT("panelSize") uint32_t hs_panelSize(uint32_t k, uint32_t n);
uint32_t hs_panelSize(uint32_t k, uint32_t n) { return k * divideUp(n, NR) * NR; }

EXPORT("gateWidth") uint32_t hs_gateWidth(uint32_t gates, uint32_t hiddenSize);
uint32_t hs_gateWidth(uint32_t gates, uint32_t hiddenSize) { return slabWidth(gates, hiddenSize); }

EXPORT("gatePanelSize") uint32_t hs_gatePanelSize(uint32_t gates, uint32_t hiddenSize, uint32_t inputs, uint32_t transpose);
uint32_t hs_gatePanelSize(uint32_t gates, uint32_t hiddenSize, uint32_t inputs, uint32_t transpose) {
  const uint32_t width = slabWidth(gates, hiddenSize);
  return transpose ? hs_panelSize(width, inputs) : inputs * width;
}

// Bytes of scratch for each thread.
EXPORT("scratchSize") uint32_t hs_scratchSize(void);
uint32_t hs_scratchSize(void) { return sizeof(Scratch); }

#ifdef __wasm__
// Which module this is, for a loader that was given a compiled one: the build's strict module says 0.
EXPORT("usesRelaxedSimd") uint32_t hs_usesRelaxedSimd(void);
uint32_t hs_usesRelaxedSimd(void) { return 1; }
#endif
