/** How loud a stream is, as a bar. */
import { make } from '/elements.js';

/** What counts as silence, in dB below full scale. */
const FLOOR = -60;
/** Between two looks, in milliseconds. */
const PERIOD = 80;

/** @type {AudioContext | undefined} One for the page: browsers allow few. */
let context;

export class LevelMeter {
  /** @type {MediaStreamAudioSourceNode | undefined} */
  #source;
  /** @type {MediaStream | undefined} */
  #stream;
  /** @type {number | undefined} */
  #timer;
  #bar = make('span', 'level-bar');
  element;

  /** @param {string} label whose sound it is */
  constructor(label) {
    this.#bar.setAttribute('role', 'meter');
    this.#bar.setAttribute('aria-label', `Sound level: ${label}`);
    this.#bar.setAttribute('aria-valuemin', '0');
    this.#bar.setAttribute('aria-valuemax', '100');
    this.element = make('div', 'level', make('span', 'level-label', label), this.#bar);
    this.#show(0);
  }

  /** Follows a stream, also when its tracks change. @param {MediaStream} stream */
  watch(stream) {
    if (stream !== this.#stream) {
      this.#stream = stream;
      stream.addEventListener('addtrack', () => this.#listen());
      stream.addEventListener('removetrack', () => this.#listen());
    }
    this.#listen();
  }

  stop() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    this.#source = undefined;
    this.#stream = undefined;
    this.#show(0);
  }

  #listen() {
    clearInterval(this.#timer);
    this.#source?.disconnect();
    if (!this.#stream?.getAudioTracks().length) return this.#show(0);
    context ??= new AudioContext();
    // The page was clicked or it would not have a call; a refusal leaves the bar at zero.
    context.resume().catch((error) => console.warn(error));
    const ear = new AnalyserNode(context, { fftSize: 1024 });
    this.#source = context.createMediaStreamSource(this.#stream);
    this.#source.connect(ear);
    const samples = new Float32Array(ear.fftSize);
    this.#timer = setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      this.#show(levelOf(samples));
    }, PERIOD);
  }

  /** @param {number} level from 0 to 1 */
  #show(level) {
    this.#bar.style.setProperty('--level', level.toFixed(3));
    this.#bar.setAttribute('aria-valuenow', String(Math.round(level * 100)));
  }
}

/** From silence (0) to full scale (1). @param {Float32Array} samples */
function levelOf(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length || Number.MIN_VALUE);
  return Math.min(1, Math.max(0, 1 - decibels / FLOOR));
}
