import { shown, usage } from './read-flags.ts';

/** Transports of skopeo and podman without a registry, with the target of `skopeo copy` from a layout. */
const TRANSPORTS: Readonly<Record<string, string>> = {
  'oci-archive': 'oci-archive:FILE.tar:TAG',
  'docker-archive': 'docker-archive:FILE.tar',
  dir: 'dir:FOLDER',
  'docker-daemon': 'docker-daemon:NAME:TAG',
  'containers-storage': 'containers-storage:NAME:TAG',
  sif: 'sif:FILE',
  tarball: 'oci-archive:FILE.tar:TAG',
};

/**
 * Refuses a target or image in the style of another tool, and says what to type. Shows no text that may hold an account;
 * the parser of the library refuses that.
 *
 * @throws ModelcarError `USAGE`
 */
export function refuseForeignTarget(text: string): void {
  const [, transport = ''] = /^([a-z-]+):(?!\d+\/)/.exec(text) ?? [];
  if (Object.hasOwn(TRANSPORTS, transport)) {
    throw usage(
      `${transport}: is not supported`,
      `Push to oci:FOLDER:TAG, then run: skopeo copy oci:FOLDER:TAG ${TRANSPORTS[transport]}`,
    );
  }
  if (/^oci:\/\//.test(text)) {
    throw usage(
      'oci:// is ambiguous',
      'Leave out oci:// for a registry; write oci:/FOLDER for a folder, with one slash.',
    );
  }
  const [, cloud] = /^(s3|gs|az|abfs|wasbs?|file|ftp|sftp|hf|ocidir):\/\//i.exec(text) ?? [];
  if (cloud !== undefined)
    throw usage(
      `${cloud.toLowerCase()}:// is not supported`,
      'Give registry/repository[:tag] or oci:FOLDER[:tag].',
    );
  refuseWindowsPath(text);
  refuseTilde(text);
  if (/^(https?:\/\/)?(www\.)?(huggingface\.co|hf\.co)(\/|$)/i.test(text))
    throw usage('the target is the Hub, which takes no images', 'Give registry/repository[:tag].');
  if (/^(\.{1,2}|~)?[/\\]/.test(text) && !text.includes('@'))
    throw usage('the target is a path', `For an OCI image layout write oci:${shown(text)}`);
}

function refuseWindowsPath(text: string): void {
  const [, drive, path = ''] = /^(?:oci:)?(?:([a-z]):[/\\]|\\\\)(.*)$/i.exec(text) ?? [];
  if (drive === undefined && !/^(oci:)?\\\\/.test(text)) return;
  const unix = `${drive === undefined ? '' : `/mnt/${drive.toLowerCase()}/`}${path.replaceAll('\\', '/')}`;
  throw usage(
    'Windows paths are not supported',
    drive === undefined || path.includes('@')
      ? 'Run it in WSL, with oci:FOLDER.'
      : `In WSL write oci:${unix}`,
  );
}

/** Shells expand ~ only at the start of a word. */
function refuseTilde(text: string): void {
  const [, user, path = ''] = /^oci:~([^/]*)(.*)$/s.exec(text) ?? [];
  if (user === undefined) return;
  throw usage(
    'the shell did not expand the ~ after oci:',
    user === '' && !path.includes('@') ? `Write oci:$HOME${path}` : 'Write the full path.',
  );
}
