import type { CertificateSource, TrustedCas } from './core/certificates.ts';
import type { OnEvent } from './core/event.ts';
import type { ManifestName, TargetLocation } from './core/reference.ts';
import type { CredentialSource } from './core/registry-credentials.ts';
import type { Pickles } from './core/selection/selection.ts';
import type { TarLayout } from './core/tar-layer.ts';
import type { ProxyFor } from './http/node-proxy-from-environment.ts';

/** What `pushModel` takes. Nothing is read from the environment; only `model` and `target` are needed. */
export interface PushOptions {
  /** `org/name`, or `datasets/org/name`. */
  readonly model: string;
  /** A branch, a tag or a commit. Default `main`. */
  readonly revision?: string;
  /** From `parseImageReference` or `parseTargetLocation`. */
  readonly target: TargetLocation;
  /** Default: the first 12 characters of the commit. */
  readonly tag?: string;
  /** Further tags for the same image. */
  readonly alsoTags?: readonly string[];
  /**
   * Let the default tag move to other files of its commit, or to another prefix or tar layout. Default: the push ends with
   * `REJECTED` before its first byte. A tag that you name may always move.
   */
  readonly moveTag?: boolean;
  readonly hub?: HubAccess;
  readonly registry?: RegistryAccess;
  readonly network?: NetworkAccess;
  /**
   * `fnmatch` patterns on whole paths, or ends of paths: exactly these files; `['*']` is everything. Default: of a
   * model, all files but those that are known to be redundant (docs/selection.md); of a dataset, everything.
   */
  readonly allowPatterns?: readonly string[];
  /** The same: never these files, also of the default. */
  readonly ignorePatterns?: readonly string[];
  /**
   * What to do with pickles that are not a copy of other weights: loading one can run code. `refuse` rejects with `USAGE`
   * before the first byte and names them; `keep` pushes them. Default `refuse`.
   */
  readonly pickles?: Pickles;
  /** The folder of the image that holds the model: empty, or ending in `/`. Default `models/`. */
  readonly layerPrefix?: string;
  /** Default `standard`. */
  readonly tarLayout?: TarLayout;
  /**
   * Where to write down what was pushed, so that a push that is run again skips it. Default: nowhere.
   * JSON, readable by its owner alone; pushes at the same time can share it. Keep it as you keep a password: it holds
   * the locations of uploads that were left open, and with some registries a location is all that it takes to write.
   * Ignored, with a warning, where another user owns it or its folder, or can write to one of them.
   */
  readonly stateFile?: string;
  /** Push every layer, whatever the state file says. */
  readonly force?: boolean;
  /** Large layers pushed at once, 1 to 8; of those of at most 256 KiB eight for each. Default 1. */
  readonly workers?: number;
  /** Bytes of files a second, of all layers together, that are read and so pushed at most. Default: no limit. */
  readonly limitRate?: number;
  /**
   * Push the other layers when one has failed; the push then rejects with `INCOMPLETE` at its end, and there is no
   * image. Default: the first failure stops the others.
   */
  readonly continueOnError?: boolean;
  /** Called synchronously; must be quick and must not throw. */
  readonly onEvent?: OnEvent;
  /**
   * Aborted, the push rejects with its reason. With a `stateFile`, requests that send a layer first end in good order,
   * within 8 seconds, so that a later push goes on there.
   */
  readonly signal?: AbortSignal;
}

/** What `listTags` takes. */
export interface ListTagsOptions {
  /** The repository or the OCI image layout. */
  readonly target: TargetLocation;
  readonly registry?: Pick<RegistryAccess, 'credentials' | 'retries' | 'insecure' | 'certificates'>;
  readonly network?: NetworkAccess;
  /** Only `credentials-chosen`, `request-retrying`, `requests-held` and `warning` happen here. */
  readonly onEvent?: OnEvent;
  readonly signal?: AbortSignal;
}

/** What `validateImage` takes: the same, and a `tag` or a `digest`. */
export type ValidateOptions = ListTagsOptions & ManifestName;

/** How to reach the Hub. */
export interface HubAccess {
  /** Default `https://huggingface.co`. May have a path. */
  readonly endpoint?: string;
  readonly token?: string;
  /** Where the token comes from, for messages: a variable, a file. Never the token. */
  readonly tokenOrigin?: string;
  /**
   * The token is of this machine, not set for this push. If the Hub refuses it for a public model, the push warns and
   * continues without it. Default: no.
   */
  readonly tokenIsOptional?: boolean;
  /**
   * Called when the Hub refuses the token (401): what the token is now, such as the content of a file that was replaced.
   * Must not throw; undefined keeps the token. Default: the token stays what it is.
   */
  readonly readToken?: () => Promise<string | undefined>;
  /**
   * Read files from this cache of `huggingface_hub` instead of from the Hub. It is as trusted as the Hub: the hashes that
   * the files are checked against come from it. The Hub is still asked what a model consists of where the cache does not
   * say it, unless it is `offline`.
   */
  readonly cache?: string;
  /** Forbid all requests to the Hub. A text names the reason for messages, such as `TRANSFORMERS_OFFLINE`. */
  readonly offline?: boolean | string;
  /** How often a request or a file may fail without getting further, 0 to 100. Default 10. */
  readonly retries?: number;
  /**
   * How many connections may bring bytes of files at once, of all layers together, 1 to 64. Default 8. One is enough as long
   * as it is as fast as the registry; they hold 8 MiB together, or 1.5 MiB each.
   */
  readonly connections?: number;
  /** How long an answer about the model may take to begin. Default 10,000. */
  readonly metadataTimeoutMs?: number;
  /**
   * How long a download may bring no byte before it is taken up again. Default 60,000, not the 10,000 of
   * `huggingface_hub`: taking it up again is a request that counts towards the Hub's rate limit.
   */
  readonly stallTimeoutMs?: number;
}

/** How to reach the registry. */
export interface RegistryAccess {
  /** Asked when the registry wants to know who we are, such as `findCredentials`. Default: anonymous. */
  readonly credentials?: CredentialSource;
  /** How often a request or an upload may fail without getting further, 0 to 100. Default 10. */
  readonly retries?: number;
  /** Upload in requests of so many bytes instead of one for each layer. */
  readonly chunkSize?: number;
  /**
   * Skip TLS certificate verification for the registry's own host and port. A token server or a storage elsewhere is still
   * verified. An attacker on the network can then read the registry's credentials.
   */
  readonly insecure?: boolean;
  /**
   * Returns the CAs and the client certificate of an `https` registry, such as `findRegistryCertificates`. A push trusts the
   * CAs for the registry and the servers that it names, and shows the certificate only to its own host and port. Default: none.
   */
  readonly certificates?: CertificateSource;
}

/** How to reach both. */
export interface NetworkAccess {
  /** Certificates in PEM form, trusted besides Node's own and those of `NODE_EXTRA_CA_CERTS`. */
  readonly ca?: string;
  /** Where `ca` is from, for errors. Default: `the CA file`. */
  readonly caOrigin?: string;
  /** The CAs of the operating system, such as `systemCertificates` finds them, trusted too. Default: none. */
  readonly systemCa?: TrustedCas;
  /** The HTTP proxy for a URL, as `http://[user:password@]host:port`, such as `proxyFromEnvironment` gives it. */
  readonly proxyFor?: ProxyFor;
}
