/**
 * Undoes raw deflate. Read chunk by chunk and not through a Response, which would load Node's whole fetch for it.
 *
 * @param length of the result
 */
export async function inflate(deflated: Uint8Array<ArrayBuffer>, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const written = Promise.all([writer.write(deflated), writer.close()]);
  const result = new Uint8Array(length);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    result.set(value, at);
    at += value.length;
  }
  await written;
  return result;
}
