import { afterAll, afterEach } from 'vitest';
import { takeLeaks } from './captures.ts';

// Loaded before each test file (vitest.config.ts).

function expectNoLeaks(): void {
  const leaks = takeLeaks();
  if (leaks.length > 0) throw new Error(`a secret was shown: ${leaks.join('; ')}`);
}

afterEach(expectNoLeaks);
afterAll(expectNoLeaks);
