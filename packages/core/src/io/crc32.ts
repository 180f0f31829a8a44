const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * The checksum CRC-32 (ISO 3309, as in zip and PNG): finds every change of up to 32 bits in a row, and any other with
 * probability 1 - 2^-32. It protects against accidents, not against forgery.
 *
 * @param previous the checksum of what came before, to go on from there; default: nothing did
 * @returns a whole number, 0 to 2^32 - 1
 *
 * @example
 * crc32(new TextEncoder().encode("123456789")) === 0xcbf43926;
 */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let value = ~previous;
  for (let i = 0; i < bytes.length; i++) value = (value >>> 8) ^ table[(value ^ bytes[i]) & 255];
  return ~value >>> 0;
}
