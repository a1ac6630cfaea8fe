/**
 * Messages for every call of the protos, made up from their descriptors: a new call or field is fuzzed as
 * soon as it is there.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';

const PROTOS = fileURLToPath(new URL('../../../protos/', import.meta.url));
/** No process of ours serves these. */
const NOT_SERVED = /^etcd\//;
/** Messages within messages: deeper than the protos go. */
const MAX_DEPTH = 4;
const WIRE_TYPE = { varint: 0, bytes: 2 } as const;

interface Field {
  readonly name: string;
  readonly number: number;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface Descriptor {
  readonly field: readonly Field[];
  readonly oneofDecl: readonly unknown[];
}

export interface CalledMethod {
  readonly path: string;
  readonly message: fc.Arbitrary<Uint8Array>;
}

/** Values of the network that is attacked: without them most messages would be refused at the first look. */
export interface Known {
  readonly networkId: string;
  readonly users: readonly string[];
}

/** All methods of all services. */
export function methodsOf(known: Known): readonly CalledMethod[] {
  const files = readdirSync(PROTOS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.proto') && !NOT_SERVED.test(file),
  );
  const definitions = loadSync(files, { includeDirs: [PROTOS] });
  const methods: CalledMethod[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    if ('format' in definition) continue; // a message or an enum
    const scope = name.slice(0, name.lastIndexOf('.'));
    for (const { path, requestType } of Object.values(definition))
      methods.push({
        path,
        message: oddly(new Messages(definitions, known).of(requestType.type as Descriptor, scope, 0)),
      });
  }
  return methods;
}

/** Whole most of the time, else with some bytes changed, cut, or nothing but noise. */
const oddly = (whole: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 6, arbitrary: whole },
    { weight: 3, arbitrary: fc.tuple(whole, changes).map(([bytes, changed]) => changedBy(bytes, changed)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );

/** What is done to some bytes: at which share of them, and what. */
export interface Change {
  readonly at: number;
  readonly what: 'replace' | 'insert' | 'cut' | 'repeat';
  readonly byte: number;
}

export const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    what: fc.constantFrom('replace', 'insert', 'cut', 'repeat'),
    byte: fc.integer({ min: 0, max: 255 }),
  }),
  { minLength: 1, maxLength: 6 },
);

export function changedBy(bytes: Uint8Array, given: readonly Change[]): Uint8Array {
  let changed = Buffer.from(bytes);
  for (const { at, what, byte } of given) {
    const index = Math.floor(at * changed.length);
    const [before, after] = [changed.subarray(0, index), changed.subarray(index)];
    if (what === 'replace') changed = Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    else if (what === 'insert') changed = Buffer.concat([before, Buffer.of(byte), after]);
    else if (what === 'cut') changed = Buffer.concat([before]);
    else changed = Buffer.concat([before, after.subarray(0, byte), after]);
  }
  return changed;
}

class Messages {
  readonly #definitions: PackageDefinition;
  readonly #known: Known;

  constructor(definitions: PackageDefinition, known: Known) {
    this.#definitions = definitions;
    this.#known = known;
  }

  of({ field: fields, oneofDecl }: Descriptor, scope: string, depth: number): fc.Arbitrary<Uint8Array> {
    if (fields.length === 0 || depth > MAX_DEPTH) return fc.constant(new Uint8Array());
    // Of a `oneof` one field is set most of the time; of all other fields most are set.
    const least = oneofDecl.length > 0 ? 1 : Math.ceil(fields.length * 0.7);
    const most = oneofDecl.length > 0 ? Math.min(2, fields.length) : fields.length;
    return fc
      .subarray([...fields], { minLength: least, maxLength: most })
      .chain((said) => fc.tuple(...said.map((field) => this.#field(field, scope, depth))))
      .map((parts) => Buffer.concat(parts));
  }

  #field(field: Field, scope: string, depth: number): fc.Arbitrary<Uint8Array> {
    const once = this.#once(field, scope, depth);
    if (field.label !== 'LABEL_REPEATED') return once;
    return fc.array(once, { maxLength: 3 }).map((all) => Buffer.concat(all));
  }

  #once(field: Field, scope: string, depth: number): fc.Arbitrary<Uint8Array> {
    const { name, number, type, typeName } = field;
    switch (type) {
      case 'TYPE_MESSAGE':
        return this.#nested(typeName, scope, depth).map((bytes) => delimited(number, bytes));
      case 'TYPE_STRING':
        return this.#text(name).map((text) => delimited(number, Buffer.from(text)));
      case 'TYPE_BYTES':
        return fc.uint8Array({ maxLength: 60 }).map((bytes) => delimited(number, bytes));
      default:
        return numbers.map((value) => Buffer.concat([tag(number, WIRE_TYPE.varint), varint(value)]));
    }
  }

  #nested(typeName: string, scope: string, depth: number): fc.Arbitrary<Uint8Array> {
    const found = this.#definitions[typeName] ?? this.#definitions[`${scope}.${typeName}`];
    if (found === undefined || !('type' in found)) throw new Error(`no message "${typeName}" in ${scope}`);
    return this.of(found.type as Descriptor, scope, depth + 1);
  }

  #text(name: string): fc.Arbitrary<string> {
    const { networkId, users } = this.#known;
    const usual = /network/i.test(name)
      ? [networkId]
      : /address/i.test(name)
        ? ['127.0.0.1:1', '127.0.0.1:2']
        : /user|target|author|after|name/i.test(name)
          ? [...users, 'x'.repeat(33)]
          : ['session', 'journal', 'life', 'hello', 'x'.repeat(1_001)];
    return fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...usual) },
      { weight: 1, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    );
  }
}

/** Small ones, and those at the edges of what numbers can be. */
const numbers: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: 0n, max: 6n }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      2n ** 31n,
      2n ** 32n - 1n,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ),
  },
);

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const isLast = rest < 128n;
    bytes.push(Number(rest & 127n) | (isLast ? 0 : 128));
    if (isLast) return Uint8Array.from(bytes);
  }
}

const tag = (number: number, wireType: number): Uint8Array => varint(BigInt(number * 8 + wireType));

const delimited = (number: number, bytes: Uint8Array): Uint8Array =>
  Buffer.concat([tag(number, WIRE_TYPE.bytes), varint(BigInt(bytes.length)), bytes]);
