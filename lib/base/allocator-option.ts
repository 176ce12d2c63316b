/**
 * Where a compiled program keeps an option of its allocator. Bun links mimalloc in, which takes its options from the environment
 * or else from a table in the program, long before any code of ours runs; build.ts writes the values we want into that table.
 * Formats: ELF-64 (System V ABI, program header), mimalloc's table of options (value, state, number, name, older name).
 */

/** Program header entry: type, flags, offset in the file, address, physical address, bytes in the file, … */
const PT_LOAD = 1;
const HEADER = { entriesAt: 32, entrySize: 54, entryCount: 56 } as const;
const ENTRY = { offset: 8, address: 16, fileBytes: 32 } as const;
/** The value, a C long, lies two words before the pointer to the option's name. */
const VALUE_BEFORE_NAME = 16;

/** The address at which the byte at `offset` of the file is loaded; undefined when it is not. */
function addressOf(program: Buffer, offset: number): bigint | undefined {
  const start = Number(program.readBigUInt64LE(HEADER.entriesAt));
  const size = program.readUInt16LE(HEADER.entrySize);
  for (let index = 0; index < program.readUInt16LE(HEADER.entryCount); index++) {
    const entry = start + index * size;
    if (program.readUInt32LE(entry) !== PT_LOAD) continue;
    const word = (at: number) => Number(program.readBigUInt64LE(entry + at));
    const within = offset - word(ENTRY.offset);
    if (within >= 0 && within < word(ENTRY.fileBytes)) return BigInt(word(ENTRY.address) + within);
  }
  return undefined;
}

/** The places where `wanted` lies in `program`. */
function places(program: Buffer, wanted: Buffer): readonly number[] {
  const found: number[] = [];
  for (let at = program.indexOf(wanted); at >= 0; at = program.indexOf(wanted, at + 1)) {
    found.push(at);
  }
  return found;
}

/**
 * The offset in the ELF file `program` of the 8 bytes that hold the default of mimalloc's option `name` (such as "allow_thp").
 * Undefined when there is not exactly one such place: another allocator, another format, a program loaded at any address.
 */
export function allocatorOptionAt(program: Buffer, name: string): number | undefined {
  // No zero before it: a linker lets the end of a longer text serve.
  const tables = places(program, Buffer.from(`${name}\0`, "latin1")).flatMap((at) => {
    const address = addressOf(program, at);
    if (address === undefined) return [];
    const pointer = Buffer.alloc(8);
    pointer.writeBigUInt64LE(address);
    return places(program, pointer);
  });
  const [pointer, another] = tables;
  if (pointer === undefined || another !== undefined || pointer < VALUE_BEFORE_NAME) return;
  return pointer - VALUE_BEFORE_NAME;
}
