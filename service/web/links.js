// A program within a link: a result is kept for a while only, but whoever has the link can have it judged again.

const MOST_CHARACTERS = 32_000; // of a link; browsers take more, chat programs and mail do not

const toUrl = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const fromUrl = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));

async function through(bytes, stream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

/** What was asked, compressed; null when it is too long for a link. */
export async function packed(asked) {
  const bytes = await through(new TextEncoder().encode(JSON.stringify(asked)), new CompressionStream("deflate-raw"));
  if (bytes.length > (MOST_CHARACTERS * 3) / 4) return null;
  return toUrl(bytes);
}

/** Back from the link; null when it is none. */
export async function unpacked(text) {
  try {
    return JSON.parse(new TextDecoder().decode(await through(fromUrl(text), new DecompressionStream("deflate-raw"))));
  } catch {
    return null;
  }
}
