// How Chromium is started: quiet, as root in a container, with or without a microphone.

export const BARE_CHROMIUM: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
];

/** A microphone that beeps and a camera that shows a clock; nobody is asked for permission. */
export const FAKE_MEDIA: readonly string[] = ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'];
