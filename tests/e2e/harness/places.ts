// Where things are on disk.
import { fileURLToPath } from 'node:url';

/** The repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The built package. */
export const DIST = fileURLToPath(new URL('../../../dist', import.meta.url));
/** The pages that users of a space see. */
export const WWW = fileURLToPath(new URL('../../../www', import.meta.url));
/** A page that loads nothing, under the same security policy. */
export const PAGES = fileURLToPath(new URL('../pages', import.meta.url));
