#include "cell.h"

COMPACT void tanhRowBackward(float *gradients, const float *gates, const float *gradHidden, uint32_t H, int relu) {
  FOR_UNITS(H) {
    vf h = load(gates + j), dh = loadPart(gradHidden + j, lanes, 0);
    store(gradients + j, flush(relu ? (vf)((vi)dh & ~(h <= 0.0f)) : dh * (1.0f - h * h)));
  }
}

// Leaves dL/dh' * z in gradHidden; `ofHidden`: dL/du, with r in the candidate's.
COMPACT void gruRowBackward(float *gradients, float *ofHidden, const float *gates, const float *hidden, const float *gain,
                           const float *shift, const float *mask, const float *before, float *gradHidden, uint32_t H) {
  const uint32_t next = unitBlock(3);
  FOR_UNITS(H) {
    const size_t at = gateColumn(j, 3), n = at + 2 * next;
    vf r = load(gates + at), z = load(gates + at + next), candidate = load(gates + n), m = maskPart(mask, j, lanes);
    vf u = load(hidden + n), dh = loadPart(gradHidden + j, lanes, 0);
    if (gain) u *= load(gain + n);
    if (gain && shift) u += load(shift + n);
    vf dz = flush(dh * (loadPart(before + j, lanes, 0) - m * candidate) * z * (1.0f - z));
    vf dn = flush(dh * (1.0f - z) * m * (1.0f - candidate * candidate));
    vf dr = flush(dn * u * r * (1.0f - r));
    store(gradients + at, dr);
    store(gradients + at + next, dz);
    store(gradients + n, dn);
    store(ofHidden + at, dr);
    store(ofHidden + at + next, dz);
    store(ofHidden + n, flush(dn * r));
    storePart(gradHidden + j, dh * z, lanes);
  }
}

COMPACT void scanRowBackward(float *gradients, const float *gates, const float *mask, const float *before, float *gradHidden,
                            uint32_t H, int lstm) {
  const uint32_t G = lstm ? 3 : 2, next = unitBlock(G);
  FOR_UNITS(H) {
    const size_t at = gateColumn(j, G);
    vf first = load(gates + at), keep = 1.0f - first, m = maskPart(mask, j, lanes);
    vf dh = loadPart(gradHidden + j, lanes, 0);
    // dL/dkeep
    vf along = dh * (loadPart(before + j, lanes, 0) - m * load(gates + at + (G - 1) * next));
    if (lstm) {
      vf input = load(gates + at + next), sum = first + input + 2 * LEAST;
      keep = (first + LEAST) / sum;
      store(gradients + at + next, flush((0.0f - along * keep) / sum * input * (1.0f - input)));
      along = along * (1.0f - keep) / sum;
    } else {
      along = 0.0f - along;
    }
    store(gradients + at, flush(along * first * (1.0f - first)));
    store(gradients + at + (G - 1) * next, flush(dh * (1.0f - keep) * m));
    storePart(gradHidden + j, dh * keep, lanes);
  }
}

typedef struct {
  const float *peepholes, *gain, *shift;
  uint32_t coupled, H;
} LstmBackwardOptions;

// gradCell: from dL/dc' that comes through time to dL/dc.
COMPACT void lstmRowBackward(const LstmBackwardOptions *o, float *gradients, const float *gates, const float *mask, const float *before,
                            const float *gradHidden, float *gradCell, float *normalized, float *cellGradients, float scale,
                            float *products, float *tap) {
  const uint32_t H = o->H, G = o->coupled ? 3 : 4, next = unitBlock(G), toOut = (G - 1) * next;
  const float *p = o->peepholes;
  FOR_UNITS(H) {
    const size_t at = gateColumn(j, G);
    const float *forget = gates + at + (o->coupled ? 0 : next);
    vf f = load(forget), g = load(forget + next), i = o->coupled ? 1.0f - f : load(gates + at);
    vf after = flush(FMA(f, loadPart(before + j, lanes, 0), i * (maskPart(mask, j, lanes) * g)));
    vf y = after;
    if (o->gain) y = loadPart(o->gain + j, lanes, 0) * loadPart(normalized + j, lanes, 0) + parameterPart(o->shift, j, lanes, 0);
    vf out = load(gates + at + toOut), t = tanhVector(y), dh = loadPart(gradHidden + j, lanes, 0);
    vf da = flush(dh * t * out * (1.0f - out)), dy = dh * out * (1.0f - t * t), dc = loadPart(gradCell + j, lanes, 0);
    store(gradients + at + toOut, da);
    if (o->gain) storePart(cellGradients + j, dy, lanes);
    else dc += dy;
    if (p) {
      dc = FMA(da, loadPart(p + (G - 2) * H + j, lanes, 0), dc);
      storePart(products + (G - 2) * H + j, da * after, lanes);
    }
    storePart(gradCell + j, dc, lanes);
  }
  if (o->gain) normalizeBackward(gradCell, cellGradients, normalized, o->gain, scale, normRow(0, H), 1);
  if (tap) copyFloats(tap, gradCell, H);
  FOR_UNITS(H) {
    const size_t at = gateColumn(j, G), forget = at + (o->coupled ? 0 : next);
    vf f = load(gates + forget), g = load(gates + forget + next), i = o->coupled ? 1.0f - f : load(gates + at);
    vf c = loadPart(before + j, lanes, 0), dc = loadPart(gradCell + j, lanes, 0), m = maskPart(mask, j, lanes), kept = m * g;
    vf df = flush(dc * (o->coupled ? c - kept : c) * f * (1.0f - f)), back = dc * f;
    store(gradients + forget, df);
    store(gradients + forget + next, flush(dc * i * m * (1.0f - g * g)));
    if (p) {
      const uint32_t place = (o->coupled ? 0 : H) + j;
      back = FMA(df, loadPart(p + place, lanes, 0), back);
      storePart(products + place, df * c, lanes);
    }
    if (!o->coupled) {
      vf di = flush(dc * kept * i * (1.0f - i));
      store(gradients + at, di);
      if (p) {
        back = FMA(di, loadPart(p + j, lanes, 0), back);
        storePart(products + j, di * c, lanes);
      }
    }
    storePart(gradCell + j, flush(back), lanes);
  }
}

KERNEL(cellBackward, CellBackwardArgs) {
  const uint32_t H = a->hiddenSize, P = a->outputSize, kind = a->kind, G = gatesOf(kind), width = slabWidth(G, H);
  const NormRow slabRow = normRow(G, H);
  float *gates = FLOATS(a->gates), *hidden = FLOATS_OR_NULL(a->hidden), *mask = FLOATS_OR_NULL(a->mask);
  const float *previousHidden = FLOATS(a->previousHidden), *previousCell = FLOATS_OR_NULL(a->previousCell);
  const float *gain = FLOATS_OR_NULL(a->gain), *shift = FLOATS_OR_NULL(a->hiddenBias);
  const float *gradOutput = FLOATS_OR_NULL(a->gradOutput);
  float *normalizedCell = FLOATS_OR_NULL(a->normalizedCell), *cellGradients = FLOATS_OR_NULL(a->cellGradients);
  float *gateGradients = FLOATS(a->gateGradients), *hiddenGradients = FLOATS_OR_NULL(a->hiddenGradients);
  float *hiddenGateGradients = hidden ? FLOATS(a->hiddenGateGradients) : gateGradients;
  float *carriedHidden = FLOATS(a->gradInitialHidden), *gradCell = FLOATS_OR_NULL(a->gradInitialCell);
  float *outputGradients = a->projection ? FLOATS(a->outputGradients) : carriedHidden;
  float *products = FLOATS_OR_NULL(a->peepholeProducts), *cellTap = FLOATS_OR_NULL(a->cellTap);
  const LstmBackwardOptions lstm = {FLOATS_OR_NULL(a->peepholes), FLOATS_OR_NULL(a->cellGain), FLOATS_OR_NULL(a->cellShift),
                             kind == COUPLED_CELL, H};
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, !a->reverse, part, parts);
  startGradient(&w, carriedHidden, FLOATS_OR_NULL(a->gradFinalHidden), P);
  if (hasCell(kind)) startGradient(&w, gradCell, FLOATS_OR_NULL(a->gradFinalCell), H);
  for (; walking(&w); advance(&w)) {
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      float *carried = carriedHidden + (size_t)b * P;
      FOR_UNITS(gradOutput ? P : 0) {
        vf dh = loadPart(carried + j, lanes, 0) + loadPart(gradOutput + row * a->gradOutputStride + j, lanes, 0);
        storePart(carried + j, dh, lanes);
      }
      if (hiddenGradients) copyFloats(hiddenGradients + row * P, carried, P);
    }
    if (a->projection) {
      multiplyOwnRows(&w, w.count,
                      (Product){
                          .c = outputGradients,
                          .a = carriedHidden,
                          .panels = FLOATS(a->projection),
                          .n = H,
                          .k = P,
                          .cStride = H,
                          .aStride = P,
                          .panelStride = P * NR,
                          .segments = 1,
                      });
    }
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      float *gradients = gateGradients + row * width, *gate = gates + row * width, *m = rowOf(mask, row, H);
      float *ofHidden = hiddenGateGradients + row * width, *dh = outputGradients + (size_t)b * H;
      const float *before = previousHidden + row * P;
      if (kind <= RELU_CELL) tanhRowBackward(gradients, gate, dh, H, kind == RELU_CELL);
      else if (kind == GRU_CELL) gruRowBackward(gradients, ofHidden, gate, hidden + row * width, gain, shift, m, before, dh, H);
      else if (kind >= MINGRU_CELL) scanRowBackward(gradients, gate, m, before, dh, H, kind == MINLSTM_CELL);
      else {
        lstmRowBackward(&lstm, gradients, gate, m, previousCell + row * H, dh, gradCell + (size_t)b * H,
                        rowOf(normalizedCell, row, H), rowOf(cellGradients, row, H),
                        lstm.gain ? FLOATS(a->cellScales)[row] : 0, rowOf(products, row, (G - 1) * H),
                        rowOf(cellTap, row, H));
      }
      clearPadding(gradients, G, H);
      if (hidden && kind == GRU_CELL) clearPadding(ofHidden, G, H);
      if (gain) {
        // What the bias saw, before it goes back through the normalisation: in the gates' place, which nobody needs any more.
        if (kind == GRU_CELL) copyFloats(gate, ofHidden, width);
        normalizeBackward(ofHidden, kind == GRU_CELL ? ofHidden : gradients, hidden + row * width, gain, FLOATS(a->scales)[row],
                          slabRow, 0);
      }
    }
    if (a->hiddenPanels) {
      multiplyOwnRows(&w, w.count,
                      (Product){
                          .c = carriedHidden,
                          .a = hiddenGateGradients + (size_t)w.first * width,
                          .panels = FLOATS(a->hiddenPanels),
                          .start = kind == GRU_CELL ? carriedHidden : 0,
                          .n = P,
                          .k = width,
                          .cStride = P,
                          .aStride = width,
                          .startStride = P,
                          .panelStride = width * NR,
                          .segments = 1,
                      });
    }
    flushOwnRows(&w, carriedHidden, P);
  }
}
