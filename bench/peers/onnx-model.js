/**
 * Writes an ONNX model of recurrent layers, with state in and out, byte by byte: a model is one Protocol Buffers message
 * (onnx/onnx.proto), and this needs a handful of its fields only.
 */

const fieldOf = {
  model: { irVersion: 1, graph: 7, opsetImport: 8 },
  opset: { version: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, opType: 4, attribute: 5 },
  attribute: { name: 1, i: 3, type: 20 },
  tensor: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  valueInfo: { name: 1, type: 2 },
  type: { tensorType: 1 },
  tensorType: { elementType: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { value: 1, parameter: 2 },
};
const float = 1;
const int64 = 7;
const attributeIsInt = 2;

/** @param {number} value @returns {number[]} */
function varint(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

/** @param {number} field @param {number} value */
const number = (field, value) => Buffer.from([...varint(field * 8), ...varint(value)]);

/** @param {number} field @param {Uint8Array} content */
const bytes = (field, content) =>
  Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);

/** @param {number} field @param {string} content */
const text = (field, content) => bytes(field, Buffer.from(content));

/** @param {string} name @param {number[]} dims @param {number} dataType @param {ArrayBufferView} values */
function tensor(name, dims, dataType, values) {
  const f = fieldOf.tensor;
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([
    ...dims.map((size) => number(f.dims, size)),
    number(f.dataType, dataType),
    text(f.name, name),
    bytes(f.rawData, raw),
  ]);
}

/** @param {string} name @param {(number | string)[]} dims a string stands for any size */
function valueInfo(name, dims) {
  const { dimension } = fieldOf;
  const sizes = dims.map((size) =>
    bytes(
      fieldOf.shape.dimension,
      typeof size === "number" ? number(dimension.value, size) : text(dimension.parameter, size),
    ),
  );
  const tensorType = Buffer.concat([
    number(fieldOf.tensorType.elementType, float),
    bytes(fieldOf.tensorType.shape, Buffer.concat(sizes)),
  ]);
  return Buffer.concat([
    text(fieldOf.valueInfo.name, name),
    bytes(fieldOf.valueInfo.type, bytes(fieldOf.type.tensorType, tensorType)),
  ]);
}

/** @param {string} opType @param {string[]} inputs @param {string[]} outputs @param {Record<string, number>} attributes */
function node(opType, inputs, outputs, attributes = {}) {
  const f = fieldOf.node;
  const a = fieldOf.attribute;
  return Buffer.concat([
    ...inputs.map((name) => text(f.input, name)),
    ...outputs.map((name) => text(f.output, name)),
    text(f.opType, opType),
    ...Object.entries(attributes).map(([name, value]) =>
      bytes(f.attribute, Buffer.concat([text(a.name, name), number(a.i, value), number(a.type, attributeIsInt)])),
    ),
  ]);
}

/** @param {number} count */
const smallWeights = (count) => Float32Array.from({ length: count }, () => (Math.random() - 0.5) * 0.1);

/**
 * A stack of recurrent layers as ONNX's LSTM, GRU (linear_before_reset) or RNN nodes. Inputs `x` [T, B, hidden] and per layer
 * `h0`, `c0`, ... [1, B, hidden]; outputs the last layer's `y` and the states after.
 *
 * @param {{ cell: "rnn" | "lstm" | "gru", layers: number, hidden: number }} options
 * @returns {Uint8Array}
 */
export function recurrentModel({ cell, layers, hidden }) {
  const gates = { rnn: 1, lstm: 4, gru: 3 }[cell];
  const states = cell === "lstm" ? ["h", "c"] : ["h"];
  const stateShape = [1, "B", hidden];
  /** @type {Uint8Array[]} */
  const nodes = [];
  const initializers = [tensor("axis", [1], int64, BigInt64Array.of(1n))];
  const inputs = [valueInfo("x", ["T", "B", hidden])];
  /** @type {Uint8Array[]} */
  const outputs = [];
  let current = "x";
  for (let l = 0; l < layers; l++) {
    const rows = gates * hidden;
    initializers.push(
      tensor(`W${l}`, [1, rows, hidden], float, smallWeights(rows * hidden)),
      tensor(`R${l}`, [1, rows, hidden], float, smallWeights(rows * hidden)),
      tensor(`B${l}`, [1, 2 * rows], float, smallWeights(2 * rows)),
    );
    inputs.push(...states.map((state) => valueInfo(`${state}${l}`, stateShape)));
    outputs.push(...states.map((state) => valueInfo(`${state}n${l}`, stateShape)));
    const attributes = { hidden_size: hidden, ...(cell === "gru" && { linear_before_reset: 1 }) };
    const arguments_ = [current, `W${l}`, `R${l}`, `B${l}`, "", ...states.map((state) => `${state}${l}`)];
    nodes.push(
      node(cell.toUpperCase(), arguments_, [`directions${l}`, ...states.map((state) => `${state}n${l}`)], attributes),
      node("Squeeze", [`directions${l}`, "axis"], [`y${l}`]),
    );
    current = `y${l}`;
  }
  outputs.push(valueInfo(current, ["T", "B", hidden]));

  const g = fieldOf.graph;
  const graph = Buffer.concat([
    ...nodes.map((part) => bytes(g.node, part)),
    text(g.name, "recurrent"),
    ...initializers.map((part) => bytes(g.initializer, part)),
    ...inputs.map((part) => bytes(g.input, part)),
    ...outputs.map((part) => bytes(g.output, part)),
  ]);
  const m = fieldOf.model;
  return Buffer.concat([
    number(m.irVersion, 8),
    bytes(m.graph, graph),
    bytes(m.opsetImport, number(fieldOf.opset.version, 17)),
  ]);
}
