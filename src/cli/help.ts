import { oneQuantisation } from './one-quantisation.ts';

/** What `--help` says after the flags. */

export const PROGRAM_HELP = `
Start here:
  $ oci-modelcar push Qwen/Qwen3-0.6B ghcr.io/acme/qwen3 --dry-run
  $ oci-modelcar push --help
`;

export const PUSH_HELP: string = `
Examples:
  # a model into a registry; the tag is the first 12 characters of the commit
  $ oci-modelcar push Qwen/Qwen3-0.6B ghcr.io/acme/qwen3

  # a pinned revision, two tags, four files in parallel
  $ oci-modelcar push acme/llama@v1.2 registry.example.com/models/llama:v1.2 --also-tag latest --workers 4

  # into an OCI image layout, without a registry
  $ oci-modelcar push acme/llama oci:./llama:v1.2

  # one quantisation of many
  $ oci-modelcar push acme/llama-GGUF ghcr.io/acme/llama:q4 --allow-patterns '${oneQuantisation('Q4_K_M')}'

  # what would be pushed, and what left out
  $ oci-modelcar push acme/llama ghcr.io/acme/llama --dry-run

  # deploy by digest
  $ result=$(oci-modelcar push acme/llama ghcr.io/acme/llama) && eval "$result" && echo "$IMAGEREFDIGEST"

Environment:
  HF_TOKEN                     token for private and gated models (else the file that "hf auth login" wrote)
  HF_HUB_OFFLINE               1: forbid all requests to the Hub
  OCI_USERNAME, OCI_PASSWORD   account at the registry (OCI_PASSWORD_FILE: a file with the password); else the files of
                               docker, podman and skopeo (REGISTRY_AUTH_FILE, DOCKER_CONFIG) and their credential helpers
  HTTPS_PROXY, NO_PROXY        proxy, and hosts to reach without it
  SSL_CERT_FILE, SSL_CERT_DIR  where the system's CAs are, as for OpenSSL and docker
  REQUESTS_CA_BUNDLE           further CAs, as for Python's requests
  NO_COLOR, FORCE_COLOR        no colour; colour also where stderr is no terminal
  Each flag names its variable. The flag wins, and an empty variable counts as unset.

Output:
  stdout has MANIFESTDIGEST=, IMAGEREF= and IMAGEREFDIGEST=, or one JSON event per line, and nothing else.
  The log is on stderr.

Exit codes:
  0 done   2 usage   3 credentials or gate   4 not found   5 content mismatch   6 rejected
  7 incomplete (--continue-on-error)   75 unavailable: run it again, it resumes
  130 interrupted, 143 terminated   1 a bug
  Every error ends with a code, which oci-modelcar help errors explains.
`;

export const STATUS_HELP = `
Examples:
  # pushes recorded on this machine, the latest first
  $ oci-modelcar status

  # tags of a repository and the digests that they point to
  $ oci-modelcar status ghcr.io/acme/llama --json

Exit codes:
  0 done   2 usage   3 credentials   4 no such repository or layout   6 rejected
  75 unavailable: run it again   130 interrupted, 143 terminated   1 a bug
`;

export const VALIDATE_HELP = `
Examples:
  $ oci-modelcar validate ghcr.io/acme/llama:v1.2
  $ oci-modelcar validate ghcr.io/acme/llama@sha256:… --json

Exit codes:
  0 complete   2 usage   3 credentials   4 no such image   5 something is missing or differs
  6 rejected   75 unavailable: run it again   130 interrupted, 143 terminated   1 a bug
`;

export const HELP_HELP = `
Examples:
  $ oci-modelcar help push
  $ oci-modelcar help errors | less
`;

export const COMPLETION_HELP = `
Examples:
  $ source <(oci-modelcar completion bash)                                            # in ~/.bashrc
  $ oci-modelcar completion zsh  > "\${fpath[1]}/_oci-modelcar"                        # then start a new shell
  $ mkdir -p ~/.config/fish/completions
  $ oci-modelcar completion fish > ~/.config/fish/completions/oci-modelcar.fish
`;
