/** A field of a protobuf message, encoded. Source: protobuf.dev/programming-guides/encoding */
type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** int32, int64, enum. Negative numbers take ten bytes, as the format demands. */
function int(field: number, value: number | bigint): Field {
  return join([varint((field << 3) | VARINT), varint(value)]);
}

function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([varint((field << 3) | FIXED_32), bytes]);
}

function text(field: number, value: string): Field {
  return bytes(field, new TextEncoder().encode(value));
}

function bytes(field: number, value: Uint8Array): Field {
  return join([varint((field << 3) | LENGTH_DELIMITED), varint(value.length), value]);
}

function message(field: number, fields: readonly Field[]): Field {
  return bytes(field, join(fields));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

/** Operator set of the exported files, and the file format version that goes with it. onnx.ai/onnx/repo-docs/Versioning.html */
const OPSET = 17;
const IR_VERSION = 8;

/** Numbers of onnx.proto's enumerations. */
const DATA_TYPE = { float32: 1, int64: 7 } as const;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** A number is an int unless wrapped by `asFloat`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** A fixed size, or the name of a dynamic one. */
export type Dimension = number | string;

/** Sizes that are known only when a network runs: pictures or clips at a time, and frames of a clip. */
export type DynamicName = 'batch' | 'time';

/** An input: sizes by number, or "batch" and "time" where they are dynamic. */
export interface OnnxInput {
  readonly name: string;
  readonly shape: readonly (number | DynamicName)[];
  /** Sizes in the file; fully convolutional networks take any height and width. Default: `shape`. */
  readonly label?: readonly Dimension[];
}

/** About an exported file, for any program that reads it. */
export interface OnnxDescription {
  readonly name: string;
  /** Version of the program that writes it. */
  readonly version: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An ONNX graph under construction. Values are named by strings. Field numbers are those of onnx.proto. */
export class OnnxGraph {
  private readonly nodes: Field[] = [];
  private readonly initializers = new Map<string, Field>();
  private readonly used = new Set<string>();
  private readonly inputs: Field[] = [];
  private readonly outputs: Field[] = [];
  private readonly integers = new Map<string, string>();
  private count = 0;

  input(name: string, shape: readonly Dimension[]): string {
    this.inputs.push(valueInfo(11, name, shape));
    return name;
  }

  output(name: string, value: string, shape: readonly Dimension[]): void {
    this.used.add(value);
    this.nodes.push(node('Identity', [value], [name], {}));
    this.outputs.push(valueInfo(12, name, shape));
  }

  /** Weights. */
  floats(values: Float32Array, shape: readonly number[]): string {
    return this.initializer(
      DATA_TYPE.float32,
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      shape,
    );
  }

  /** An int64 vector, such as a shape. */
  ints(values: readonly number[]): string {
    const key = values.join();
    const known = this.integers.get(key);
    if (known !== undefined) return known;
    const data = new BigInt64Array(values.map(BigInt));
    const name = this.initializer(DATA_TYPE.int64, new Uint8Array(data.buffer), [values.length]);
    this.integers.set(key, name);
    return name;
  }

  /** Adds a node with one output. Inputs left out are ''. */
  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const output = `v${this.count++}`;
    for (const input of inputs) this.used.add(input);
    this.nodes.push(node(operator, inputs, [output], attributes));
    return output;
  }

  /** @param metadata entries any ONNX reader shows, such as labels */
  encode(name: string, metadata: Readonly<Record<string, string>>, version: string): Uint8Array {
    const initializers = [...this.initializers].filter(([key]) => this.used.has(key)).map(([, field]) => field);
    return join([
      int(1, IR_VERSION),
      text(2, 'ferstream'),
      text(3, version),
      message(7, [...this.nodes, text(2, name), ...initializers, ...this.inputs, ...this.outputs]),
      message(8, [text(1, ''), int(2, OPSET)]),
      ...Object.entries(metadata).map(([key, value]) => message(14, [text(1, key), text(2, value)])),
    ]);
  }

  private initializer(type: number, data: Uint8Array, shape: readonly number[]): string {
    const name = `w${this.count++}`;
    this.initializers.set(
      name,
      message(5, [...shape.map((size) => int(1, size)), int(2, type), text(8, name), bytes(9, data)]),
    );
    return name;
  }
}

function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>>,
): Field {
  return message(1, [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${operator}_${outputs[0]!}`),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => message(5, [text(1, name), ...attributeFields(value)])),
  ]);
}

function attributeFields(value: Attribute): Field[] {
  if (typeof value === 'number') return [int(3, value), int(20, ATTRIBUTE_TYPE.int)];
  if (typeof value === 'string') return [text(4, value), int(20, ATTRIBUTE_TYPE.string)];
  if ('float' in value) return [float(2, value.float), int(20, ATTRIBUTE_TYPE.float)];
  return [...value.map((entry) => int(8, entry)), int(20, ATTRIBUTE_TYPE.ints)];
}

function valueInfo(field: number, name: string, shape: readonly Dimension[]): Field {
  const dimensions = shape.map((size) => message(1, [typeof size === 'number' ? int(1, size) : text(2, size)]));
  const tensor = message(1, [int(1, DATA_TYPE.float32), message(2, dimensions)]);
  return message(field, [text(1, name), message(2, [tensor])]);
}
