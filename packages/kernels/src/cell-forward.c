#include "cell.h"

// The recurrent part of one row, normalised and added to the gates (a GRU adds it itself). `hidden` keeps what was normalised.
COMPACT void addNormalized(float *gates, float *hidden, float *scale, const float *gain, const float *shift, NormRow r,
                          double epsilon, int add) {
  *scale = normalize(hidden, hidden, r, epsilon);
  for (uint32_t j = 0; add && j < r.width; j += VL) {
    vf u = load(gain + j) * load(hidden + j);
    if (shift) u += load(shift + j);
    store(gates + j, load(gates + j) + u);
  }
}

// GRU, r, z, n: gain and shift of the candidate's hidden part, if it is normalised.
COMPACT void gruRow(float *gates, const float *hidden, const float *gain, const float *shift, const float *mask,
                   const float *before, float *output, uint32_t H) {
  const uint32_t next = unitBlock(3);
  FOR_UNITS(H) {
    const size_t at = gateColumn(j, 3), n = at + 2 * next;
    vf u[3];
    for (int gate = 0; gate < 3; gate++) {
      const size_t column = at + gate * next;
      u[gate] = load(hidden + column);
      if (gain) u[gate] *= load(gain + column);
      if (gain && shift) u[gate] += load(shift + column);
    }
    vf r = sigmoidVector(load(gates + at) + u[0]), z = sigmoidVector(load(gates + at + next) + u[1]);
    vf candidate = tanhVector(FMA(r, u[2], load(gates + n)));
    vf h = FMA(z, loadPart(before + j, lanes, 0), (1.0f - z) * (maskPart(mask, j, lanes) * candidate));
    store(gates + at, firstLanes(r, lanes));
    store(gates + at + next, firstLanes(z, lanes));
    store(gates + n, firstLanes(candidate, lanes));
    storePart(output + j, flush(h), lanes);
  }
}

// minGRU, z, n, and minLSTM, f, i, n: nothing of the state goes into the gates.
COMPACT void scanRow(float *gates, const float *mask, const float *before, float *output, uint32_t H, int lstm) {
  const uint32_t G = lstm ? 3 : 2, next = unitBlock(G);
  FOR_UNITS(H) {
    float *gate = gates + gateColumn(j, G);
    vf first = sigmoidVector(load(gate)), keep = 1.0f - first;
    store(gate, firstLanes(first, lanes));
    if (lstm) {
      vf input = sigmoidVector(load(gate + next));
      store(gate + next, firstLanes(input, lanes));
      keep = (first + LEAST) / (first + input + 2 * LEAST);
    }
    vf n = maskPart(mask, j, lanes) * load(gate + (G - 1) * next);
    vf h = FMA(keep, loadPart(before + j, lanes, 0), (1.0f - keep) * n);
    storePart(output + j, flush(h), lanes);
  }
}

COMPACT void tanhRow(float *gates, float *output, uint32_t H, int relu) {
  FOR_UNITS(H) {
    vf a = load(gates + j);
    vf h = flush(relu ? (vf)((vi)a & ~(a <= 0.0f)) : tanhVector(a));
    store(gates + j, firstLanes(h, lanes));
    storePart(output + j, h, lanes);
  }
}

typedef struct {
  const float *peepholes, *gain, *shift;
  uint32_t coupled, H;
  double epsilon;
} LstmOptions;

// LSTM, i, f, g, o, or f, g, o. `normalized` and `scale` of c' where it is normalised.
COMPACT void lstmRow(const LstmOptions *o, float *gates, const float *mask, const float *before, float *cell, float *normalized,
                    float *scale, float *output) {
  const uint32_t H = o->H, G = o->coupled ? 3 : 4, next = unitBlock(G);
  const float *p = o->peepholes;
  FOR_UNITS(H) {
    float *input = gates + gateColumn(j, G), *forget = o->coupled ? input : input + next;
    float *content = forget + next, *out = content + next;
    vf c = loadPart(before + j, lanes, 0), ofInput = load(input), ofForget = load(forget);
    if (p) {
      ofInput = FMA(loadPart(p + j, lanes, 0), c, ofInput);
      ofForget = o->coupled ? ofInput : FMA(loadPart(p + H + j, lanes, 0), c, ofForget);
    }
    vf f = sigmoidVector(ofForget), i = o->coupled ? 1.0f - f : sigmoidVector(ofInput), g = tanhVector(load(content));
    if (!o->coupled) store(input, firstLanes(i, lanes));
    store(forget, firstLanes(f, lanes));
    store(content, firstLanes(g, lanes));
    vf after = flush(FMA(f, c, i * (maskPart(mask, j, lanes) * g)));
    storePart(cell + j, after, lanes);
    vf ofOut = load(out);
    if (p) ofOut = FMA(loadPart(p + (G - 2) * H + j, lanes, 0), after, ofOut);
    vf opened = sigmoidVector(ofOut);
    store(out, firstLanes(opened, lanes));
    if (!o->gain) storePart(output + j, flush(opened * tanhVector(after)), lanes);
  }
  if (!o->gain) return;
  *scale = normalize(normalized, cell, normRow(0, H), o->epsilon);
  FOR_UNITS(H) {
    vf y = loadPart(o->gain + j, lanes, 0) * loadPart(normalized + j, lanes, 0) + parameterPart(o->shift, j, lanes, 0);
    vf opened = load(gates + gateColumn(j, G) + (G - 1) * next);
    storePart(output + j, flush(opened * tanhVector(y)), lanes);
  }
}

KERNEL(cellForward, CellForwardArgs) {
  const uint32_t H = a->hiddenSize, P = a->outputSize, kind = a->kind, G = gatesOf(kind), width = slabWidth(G, H);
  const NormRow slabRow = normRow(G, H);
  float *gates = FLOATS(a->gates), *hidden = FLOATS_OR_NULL(a->hidden), *output = FLOATS(a->output);
  float *previousHidden = FLOATS(a->previousHidden), *previousCell = FLOATS_OR_NULL(a->previousCell);
  float *finalHidden = FLOATS(a->finalHidden), *finalCell = FLOATS_OR_NULL(a->finalCell);
  float *cellOutput = FLOATS_OR_NULL(a->cellOutput), *normalizedCell = FLOATS_OR_NULL(a->normalizedCell);
  float *mask = FLOATS_OR_NULL(a->mask);
  const float *initialHidden = FLOATS_OR_NULL(a->initialHidden), *initialCell = FLOATS_OR_NULL(a->initialCell);
  const float *gain = FLOATS_OR_NULL(a->gain), *shift = FLOATS_OR_NULL(a->hiddenBias);
  const LstmOptions lstm = {FLOATS_OR_NULL(a->peepholes), FLOATS_OR_NULL(a->cellGain), FLOATS_OR_NULL(a->cellShift),
                            kind == COUPLED_CELL,         H,                           a->epsilon};
  Walk w = startWalk(INTS(a->batchSizes), a->steps, a->batch, a->rows, a->reverse, part, parts);
  passState(&w, finalHidden, initialHidden, P);
  if (hasCell(kind)) passState(&w, finalCell, initialCell, H);
  for (; walking(&w); advance(&w)) {
    enterState(&w, previousHidden, initialHidden, P);
    if (hasCell(kind)) enterState(&w, previousCell, initialCell, H);
    if (a->hiddenPanels) {
      // To the slab of the input's part, or to one of its own.
      float *to = (hidden ? hidden : gates) + (size_t)w.first * width;
      multiplyOwnRows(&w, w.count,
                      (Product){
                          .c = to,
                          .a = previousHidden + (size_t)w.first * P,
                          .panels = FLOATS(a->hiddenPanels),
                          .start = hidden ? (gain ? 0 : shift) : to,
                          .n = width,
                          .k = P,
                          .cStride = width,
                          .aStride = P,
                          .startStride = hidden ? 0 : width,
                          .panelStride = P * NR,
                          .segments = 1,
                      });
    }
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      const size_t row = w.first + b;
      float *gate = gates + row * width, *ofHidden = rowOf(hidden, row, width), *m = rowOf(mask, row, H);
      float *out = cellOutput ? cellOutput + row * H : output + row * a->outputStride;
      if (gain) addNormalized(gate, ofHidden, FLOATS(a->scales) + row, gain, shift, slabRow, a->epsilon, kind != GRU_CELL);
      if (kind <= RELU_CELL) tanhRow(gate, out, H, kind == RELU_CELL);
      else if (kind == GRU_CELL) gruRow(gate, ofHidden, gain, shift, m, previousHidden + row * H, out, H);
      else if (kind >= MINGRU_CELL) scanRow(gate, m, previousHidden + row * H, out, H, kind == MINLSTM_CELL);
      else {
        lstmRow(&lstm, gate, m, previousCell + row * H, nextState(&w, previousCell, finalCell, b, H),
                rowOf(normalizedCell, row, H), lstm.gain ? FLOATS(a->cellScales) + row : 0, out);
      }
      clearPadding(gate, G, H);
    }
    if (cellOutput) {
      multiplyOwnRows(&w, w.count,
                      (Product){
                          .c = output + (size_t)w.first * a->outputStride,
                          .a = cellOutput + (size_t)w.first * H,
                          .panels = FLOATS(a->projection),
                          .n = P,
                          .k = H,
                          .cStride = a->outputStride,
                          .aStride = H,
                          .panelStride = H * NR,
                          .segments = 1,
                      });
    }
    FOR_OWN_ROWS(b, &w, 0, w.count) {
      float *out = output + (w.first + b) * (size_t)a->outputStride, *next = nextState(&w, previousHidden, finalHidden, b, P);
      FOR_UNITS(P) {
        vf h = flush(loadPart(out + j, lanes, 0));
        storePart(out + j, h, lanes);
        storePart(next + j, h, lanes);
      }
    }
  }
}
