import type { PushResult } from '../../index.ts';
import { azureOutput, formatAzure } from './azure.ts';
import { isColoured, isLive, type OutputStyle, type Verbosity } from './choose.ts';
import { formatGithub } from './github.ts';
import { createGithubFiles } from './github-files.ts';
import { createJsonPlanRenderer, createJsonRenderer } from './json.ts';
import { createLiveTerminal } from './live-terminal.ts';
import { drawLive } from './live-view.ts';
import { createLogRenderer, type LogRenderer } from './log-renderer.ts';
import type { Environment, Output, Renderer, Time } from './renderer.ts';
import { screenSize } from './screen-size.ts';
import { createTextStyle } from './text.ts';
import { outputsOf, variableLine } from './variables.ts';
import { writeLines } from './write-lines.ts';

export interface RendererOptions {
  readonly style: OutputStyle;
  readonly verbosity: Verbosity;
  readonly env: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly time: Time;
  /** Whether the output is one plan rather than the story of a push. */
  readonly dryRun?: boolean;
}

/** The renderer of a style. */
export function createRenderer(options: RendererOptions): Renderer {
  switch (options.style) {
    case 'json':
      return options.dryRun ? createJsonPlanRenderer(options) : createJsonRenderer(options);
    case 'text':
      return isLive(options) ? createLiveRenderer(options) : createTextRenderer(options);
    case 'github':
      return createGithubRenderer(options);
    case 'azure':
      return createAzureRenderer(options);
  }
}

function createTextRenderer(options: RendererOptions): Renderer {
  const { stdout, stderr } = options;
  const format = createTextStyle({ coloured: isColoured(options) });
  const log = createLogRenderer({ ...options, format, print: (lines) => writeLines(stderr, lines) });
  return { ...log, result: (result) => finish(log, result, stdout) };
}

function createLiveRenderer(options: RendererOptions): Renderer {
  const { stdout, stderr, time } = options;
  const coloured = isColoured(options);
  const text = createTextStyle({ coloured });
  const terminal = createLiveTerminal({
    output: stderr,
    time,
    draw: () => drawLive(log.progress(), { ...screenSize(stderr), coloured }, time.now()),
  });
  // The bars say it better.
  const format: typeof text = (entry) => (entry.kind === 'progress' ? [] : text(entry));
  const log = createLogRenderer({ ...options, format, print: terminal.print });
  return {
    event: log.event,
    plan(plan, refusal) {
      terminal.close();
      log.plan(plan, refusal);
    },
    result(result) {
      terminal.close();
      finish(log, result, stdout);
    },
    error(failure) {
      terminal.close();
      log.error(failure);
    },
    close: terminal.close,
  };
}

function createGithubRenderer(options: RendererOptions): Renderer {
  const { stdout, stderr, env } = options;
  const log = createLogRenderer({
    ...options,
    format: formatGithub,
    print: (lines) => writeLines(stderr, lines),
  });
  const files = createGithubFiles(env, (message) => log.event({ type: 'warning', message }));
  return {
    ...log,
    result(result) {
      finish(log, result, stdout);
      files.result(result, log.progress());
    },
    error(failure) {
      log.error(failure);
      files.error(failure);
    },
  };
}

function createAzureRenderer(options: RendererOptions): Renderer {
  const { stdout, stderr } = options;
  const log = createLogRenderer({
    ...options,
    format: formatAzure,
    print: (lines) => writeLines(stderr, lines),
  });
  return {
    ...log,
    result(result) {
      log.result(result);
      writeLines(
        stdout,
        outputsOf(result).flatMap((output) => [azureOutput(output), variableLine(output)]),
      );
    },
  };
}

/** The last words for people, then the variables for scripts. */
function finish(log: LogRenderer, result: PushResult, stdout: Output): void {
  log.result(result);
  writeLines(stdout, outputsOf(result).map(variableLine));
}
