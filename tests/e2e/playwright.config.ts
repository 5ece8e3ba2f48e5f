// Real browsers against the real space, with real media. `npm test -- e2e` builds what is needed and runs it.
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test';
import { BARE_CHROMIUM, FAKE_MEDIA } from './harness/chromium.js';

const config: PlaywrightTestConfig = defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  globalSetup: './harness/set-up.ts',
  reporter: [['./harness/reporter.ts']],
  // Each test has a space and a browser context of its own, so any two may run side by side.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: { ignoreHTTPSErrors: true },
  projects: [
    {
      name: 'chromium',
      use: {
        browserName: 'chromium',
        launchOptions: { executablePath: '/usr/bin/chromium', args: [...BARE_CHROMIUM, ...FAKE_MEDIA] },
      },
    },
    {
      name: 'firefox',
      // Where browsers differ: media, the end of things, storage, traps, the panel.
      testMatch: [
        'first-call.spec.ts',
        'client.spec.ts',
        'giving-up.spec.ts',
        'trap.spec.ts',
        'click-to-call-page.spec.ts',
        'click-to-call-panel.spec.ts',
        'patterns.spec.ts',
        'lifecycle.spec.ts',
        'sweep.spec.ts',
        'inbound.spec.ts',
        'resume.spec.ts',
        'renewal.spec.ts',
        'keys.spec.ts',
        'bound-renewal.spec.ts',
        'sound-renewal.spec.ts',
        'precedence.spec.ts',
        'hidden-tab.spec.ts',
        'secrets.spec.ts',
        'auth-demo.spec.ts',
        'playground.spec.ts',
      ],
      // The control runs in Chromium alone.
      grepInvert: /@reference/,
      use: {
        browserName: 'firefox',
        // The stock Firefox, not a build of Playwright's.
        channel: 'moz-firefox',
        launchOptions: {
          executablePath: '/usr/bin/firefox-esr',
          firefoxUserPrefs: {
            'media.navigator.streams.fake': true,
            'media.navigator.permission.disabled': true,
            // The space of a test offers media on 127.0.0.1 alone.
            'media.peerconnection.ice.loopback': true,
          },
        },
      },
    },
  ],
});

// biome-ignore lint/style/noDefaultExport: Playwright reads the default export.
export default config;
