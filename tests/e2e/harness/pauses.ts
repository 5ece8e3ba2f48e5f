// How evenly the sound of a page arrives at the space, while credentials are renewed.
import type { Page } from '@playwright/test';
import { packetsLost } from './sound.js';
import { expect } from './test.js';
import type { Space } from './space.js';

/** What is listened to at a time: 200 ms of sound. */
const PACKETS = 10;
/** So many samples are a window: the one in which a renewal came into force, with what was before and after it. */
const WINDOW = 3;
/** How many samples are taken after the last renewal. */
const AFTER = 9;

/** The longest pause between two audio packets in a short while, in milliseconds, and how many renewals there had been then. */
interface Sample {
  readonly pause: number;
  readonly renewed: number;
}

/** The longest pauses in windows of the same length. In milliseconds. */
export interface Pauses {
  /** Around each renewal, in their order. */
  readonly renewing: readonly number[];
  /** Between them. */
  readonly calm: readonly number[];
}

/** Listens to the only call that goes on, until its session has been renewed so often; `at` is told of each renewal. */
export async function listen(page: Page, space: Space, end: number, at: (renewed: number) => Promise<void>): Promise<Pauses> {
  const lost = await packetsLost(page);
  const samples: Sample[] = [];
  await space.silence();
  for (let after = 0, told = -1; after < AFTER; ) {
    const sample = await takeSample(space);
    samples.push(sample);
    if (sample.renewed !== told) await at(sample.renewed);
    told = sample.renewed;
    if (told >= end) after += 1;
  }
  expect(await packetsLost(page)).toBe(lost);
  return pausesOf(samples);
}

async function takeSample(space: Space): Promise<Sample> {
  const received = async () => (await space.calls()).at(-1)?.legs[0]?.packets_received ?? 0;
  const before = await received();
  await expect.poll(received, { intervals: [50] }).toBeGreaterThanOrEqual(before + PACKETS);
  const pause = await space.silence();
  const session = (await space.sessions()).find(({ connected }) => connected);
  return { pause, renewed: session?.reauthenticated ?? 0 };
}

function pausesOf(samples: readonly Sample[]): Pauses {
  const renewing: number[] = [];
  const calm: number[] = [];
  const isRenewal = (index: number) => index > 0 && samples[index]?.renewed !== samples[index - 1]?.renewed;
  const longest = (begin: number) => Math.max(...samples.slice(begin, begin + WINDOW).map(({ pause }) => pause));
  for (let begin = 0; begin + WINDOW <= samples.length; ) {
    if (isRenewal(begin + 1)) renewing.push(longest(begin));
    else if (![begin, begin + 2, begin + 3].some(isRenewal)) calm.push(longest(begin));
    else {
      begin += 1;
      continue;
    }
    begin += WINDOW;
  }
  return { renewing, calm };
}
