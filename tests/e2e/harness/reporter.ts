// One line a test while they run, the reasons of the failures, and the sums in one line at the end.
import { relative, sep } from 'node:path';
import { appendRecords, RECORDS_VARIABLE, type TestRecord } from '../../../js/tools/test-records.mjs';
import { ROOT } from './places.js';
import type { FullConfig, FullResult, Reporter, Suite, TestCase, TestError, TestResult } from '@playwright/test/reporter';

class Sums implements Reporter {
  #suite: Suite | undefined;
  #errors: TestError[] = [];

  onBegin(_: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const [, project, file, ...titles] = test.titlePath();
    const mark = result.status === 'skipped' ? 'skip' : test.ok() ? 'ok' : 'FAIL';
    console.log(`${mark} [${project}] ${file}: ${titles.join(' › ')} (${result.duration} ms)`);
    for (const error of test.ok() ? [] : result.errors) console.log(textOf(error));
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  /** Also the log of the spaces: errors alone. */
  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  /** An error outside every test, such as a spec that cannot be read. */
  onError(error: TestError): void {
    this.#errors.push(error);
  }

  onEnd({ status }: FullResult): void {
    for (const error of this.#errors) console.log(textOf(error));
    const sums = { passed: 0, failed: 0, skipped: 0 };
    const records = (this.#suite?.allTests() ?? []).map(recordOf);
    for (const { outcome } of records) sums[outcome] += 1;
    const file = process.env[RECORDS_VARIABLE];
    if (file !== undefined) appendRecords(file, records);
    if (status !== 'passed' && sums.failed === 0) sums.failed = Math.max(1, this.#errors.length);
    console.log(`\n${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
  }

  printsToStdio(): boolean {
    return true;
  }
}

function recordOf(test: TestCase): TestRecord {
  const [, , , ...titles] = test.titlePath();
  const outcome = test.outcome();
  return {
    file: relative(ROOT, test.location.file).split(sep).join('/'),
    title: titles.join(' › '),
    outcome: outcome === 'skipped' ? 'skipped' : outcome === 'expected' ? 'passed' : 'failed',
  };
}

function textOf(error: TestError): string {
  return [error.stack ?? error.message ?? error.value ?? 'unknown error', error.snippet ?? ''].join('\n');
}

// biome-ignore lint/style/noDefaultExport: Playwright reads the default export.
export default Sums;
