/**
 * An application's backend that gives its signed-in users their SATs: `npm run example:backend` starts it beside a local space.
 * By hand: `node www/backend/server.js`, with the environment that settings.js reads.
 */
import { makeApplication } from './application.js';
import { readSettings } from './settings.js';

try {
  const settings = await readSettings(process.env, (warning) => console.warn(warning));
  let origin = '';
  const application = makeApplication(settings, () => origin, (line) => console.log(line));
  const server = application.listen(settings.port, '127.0.0.1', (error) => {
    if (error) return fail(error);
    const address = server.address();
    origin = `http://localhost:${typeof address === 'object' ? address?.port : settings.port}`;
    console.log(`The example backend: ${origin}`);
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      server.close();
      server.closeAllConnections();
    });
  }
} catch (error) {
  fail(error);
}

/** @param {unknown} error */
function fail(error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
