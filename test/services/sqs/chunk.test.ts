import assert from "node:assert/strict";
import { test } from "node:test";
import { chunkOf } from "../../../src/services/sqs/chunk.ts";

const MEBIBYTE = 1_048_576;

/** What a chunk of up to 200 takes of messages of one size, and in which pages it reads them. */
async function taken(count: number, sizeBytes: number): Promise<{ took: number; pages: number[] }> {
  const pages: number[] = [];
  let left = count;
  const read = async (most: number) => {
    const page = Math.min(most, left);
    left -= page;
    pages.push(page);
    return Array.from({ length: page }, () => ({ sizeBytes }));
  };
  let took = 0;
  for await (const one of chunkOf(200, read)) took += one.sizeBytes / sizeBytes;
  return { took, pages };
}

test("a chunk ends at 200 messages, read in pages of at most 32", async () => {
  assert.deepEqual(await taken(1_000, 100), {
    took: 200,
    pages: [1, 2, 4, 8, 16, 32, 32, 32, 32, 32, 9],
  });
});

test("a chunk ends at about 4 MiB of large messages", async () => {
  assert.deepEqual(await taken(1_000, MEBIBYTE), { took: 7, pages: [1, 2, 4] });
  assert.deepEqual(await taken(1_000, 256 * 1_024), { took: 31, pages: [1, 2, 4, 8, 16] });
});

test("a chunk ends where there is no more", async () => {
  assert.deepEqual(await taken(5, 100), { took: 5, pages: [1, 2, 2, 0] });
});
