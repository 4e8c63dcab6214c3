// A draft in the fragment of an address: no server ever sees it.

import type { Draft } from "./policy/contract";

/** The longest fragment and the longest draft that are read, in characters and bytes. */
const MOST_CHARACTERS = 1 << 20;
const MOST_BYTES = 2 << 20;
const PREFIX = "#1.";

/** A fragment that holds no draft. */
export class DamagedLink extends Error {}

/** The fragment that stands for a draft. */
export async function encode(draft: Draft): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify([draft.manifests, draft.settings]));
  const packed = await read(stream(text).pipeThrough(new CompressionStream("deflate-raw")), Infinity);
  const fragment = PREFIX + base64(packed);
  if (fragment.length > MOST_CHARACTERS) throw new DamagedLink("the manifests are too long for a link");
  return fragment;
}

/** The draft of a fragment; nothing when the fragment claims to hold none. */
export async function decode(fragment: string): Promise<Draft | undefined> {
  if (fragment === "" || fragment === "#") return undefined;
  if (!fragment.startsWith(PREFIX)) throw new DamagedLink("it was not made by this page");
  if (fragment.length > MOST_CHARACTERS) throw new DamagedLink("it is too long");
  let draft: unknown;
  try {
    const packed = bytes(fragment.slice(PREFIX.length));
    const text = await read(stream(packed).pipeThrough(new DecompressionStream("deflate-raw")), MOST_BYTES);
    draft = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (error) {
    if (error instanceof DamagedLink) throw error;
    throw new DamagedLink("a part of it is missing or was changed");
  }
  if (!Array.isArray(draft)) throw new DamagedLink("it holds no manifests");
  const [manifests, settings] = draft as unknown[];
  if (typeof manifests !== "string" || typeof settings !== "string") {
    throw new DamagedLink("it holds no manifests");
  }
  return { manifests, settings };
}

function stream(content: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([content]).stream();
}

async function read(from: ReadableStream<Uint8Array>, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (const reader = from.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new DamagedLink("what it holds is too long");
    }
    chunks.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function base64(content: Uint8Array): string {
  let binary = "";
  for (const byte of content) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
