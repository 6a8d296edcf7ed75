import { Command, CommanderError, Option } from 'commander';
import { list, type PushWords } from './options.ts';

export interface Handlers {
  push(words: PushWords & { readonly dryRun: boolean }): Promise<void>;
}

/** An option that repeats, or takes several with commas or spaces between them. */
function listOption(flags: string, description: string): Option {
  const parse = (value: string, before: readonly string[] = []) => [...before, ...list(value)];
  return new Option(flags, `${description}; repeatable, or with commas`).argParser(parse);
}

const EXAMPLES = `
Examples:
  # a model into a registry; the tag is the first 12 characters of the commit
  $ oci-modelcar push Qwen/Qwen3-0.6B ghcr.io/acme/qwen3

  # a pinned revision, two tags, four layers at once
  $ oci-modelcar push acme/llama@v1.2 registry.example.com/models/llama:v1.2 --also-tag latest --workers 4

  # into an OCI image layout, without a registry
  $ oci-modelcar push acme/llama oci:./llama:v1.2

  # safetensors and what goes with them, without the pictures
  $ oci-modelcar push acme/llama ghcr.io/acme/llama --allow-patterns '*.safetensors,*.json,*.txt,*.model'

  # deploy by digest
  $ result=$(oci-modelcar push acme/llama ghcr.io/acme/llama) && eval "$result" && echo "$IMAGEREFDIGEST"

Environment:
  HF_TOKEN                     token for private and gated models (else the file that "hf auth login" wrote)
  HF_ENDPOINT                  the Hub, if it is not https://huggingface.co; may have a path
  HF_HUB_OFFLINE               1: forbid all requests to the Hub
  NODE_EXTRA_CA_CERTS          certificates of a private CA
  OCI_USERNAME, OCI_PASSWORD   account at the registry; else the files of docker, podman and skopeo
                               (REGISTRY_AUTH_FILE, DOCKER_CONFIG) and their credential helpers

Output:
  stdout has MANIFESTDIGEST=, IMAGEREF= and IMAGEREFDIGEST=, and nothing else. What people read is on stderr.

Exit codes:
  0 done   2 usage   3 credentials or gate   4 not found   5 content mismatch   6 rejected
  75 unavailable: run it again   130 interrupted, 143 terminated   1 a bug
`;

/** The command line. Errors of usage are thrown, not printed. */
export function createProgram(version: string, handlers: Handlers): Command {
  const program = new Command('oci-modelcar')
    .description('Stream Hugging Face models into OCI registries: one tar layer per file, nothing on disk.')
    .version(version, '-V, --version')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .addHelpText('after', '\nRun "oci-modelcar push --help" for examples.\n');

  program
    .command('push')
    .description('push a model into a registry, or into an OCI image layout')
    .usage('[options] <org/model[@revision]> <registry/repository[:tag] | oci:FOLDER[:tag]>')
    .argument('[model]', 'org/model[@revision], or datasets/org/name[@revision]')
    .argument('[reference]', 'registry/repository[:tag], or oci:FOLDER[:tag]')
    .optionsGroup('The model:')
    .option('--hf-repo <org/model>', 'the model, instead of the first argument')
    .option('--hf-revision <revision>', 'branch, tag or commit (default: main)')
    .option('--hf-endpoint <url>', 'the Hub (default: $HF_ENDPOINT, else https://huggingface.co)')
    .addOption(
      listOption(
        '--allow-patterns <patterns>',
        'exactly the files that match: *.json, onnx/, .md ($ALLOW_PATTERNS)',
      ),
    )
    .addOption(listOption('--ignore-patterns <patterns>', 'never the files that match ($IGNORE_PATTERNS)'))
    .optionsGroup('The target:')
    .option('--registry <host>', 'registry host[:port], http(s)://host[:port], or oci:FOLDER')
    .option('--target-repo <name>', 'repository in that registry')
    .option('--target-tag <tag>', 'tag (default: the first 12 characters of the commit)')
    .addOption(listOption('--also-tag <tag>', 'another tag for the same image'))
    .optionsGroup('The image:')
    .option('--layer-prefix <folder/>', 'folder of the model in the image (default: models/)')
    .addOption(
      new Option(
        '--tar-layout <layout>',
        'bytes of the layers: standard, or reference as the Python tool 0.4.1 wrote them (default: standard)',
      ),
    )
    .optionsGroup('The transfer:')
    .option('--workers <n>', 'layers pushed at once, 1 to 8 (default: 1)')
    .option('--chunk-mib <n>', 'upload in requests of n MiB, 1 to 1024, instead of one per layer')
    .option(
      '--state-file <file>',
      'where pushed layers are written down (default: $STATE_FILE, else below ~/.local/state)',
    )
    .option('--force', 'push every layer, also those that an earlier run has pushed ($FORCE)')
    .option('--dry-run', 'show what would be pushed; write nothing', false)
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        model: string | undefined,
        reference: string | undefined,
        flags: PushWords & { dryRun: boolean },
      ) => {
        await handlers.push({ ...flags, model, reference });
      },
    );
  return program;
}

/** What the parser has to say; undefined for what is not of the parser. */
export function usageMessage(error: unknown): { message: string; exitCode: number } | undefined {
  if (!(error instanceof CommanderError)) return undefined;
  return {
    message: error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '),
    exitCode: error.exitCode,
  };
}
