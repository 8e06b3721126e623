/** A field of a protobuf message, encoded. Source: protobuf.dev/programming-guides/encoding */
export type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** int32, int64, enum. Negative numbers take ten bytes, as the format demands. */
export function int(field: number, value: number | bigint): Field {
  return join([varint((field << 3) | VARINT), varint(value)]);
}

export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return join([varint((field << 3) | FIXED_32), bytes]);
}

export function text(field: number, value: string): Field {
  return bytes(field, new TextEncoder().encode(value));
}

export function bytes(field: number, value: Uint8Array): Field {
  return join([varint((field << 3) | LENGTH_DELIMITED), varint(value.length), value]);
}

export function message(field: number, fields: readonly Field[]): Field {
  return bytes(field, join(fields));
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
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
