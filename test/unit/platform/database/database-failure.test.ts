import { describe, expect, test } from 'vitest';
import { classifyDatabaseFailure } from '../../../../src/platform/database/database-failure.ts';

describe('a failed database call is sorted by the whole chain of causes', () => {
  test.each([
    ['away', { code: 'ECONNREFUSED' }],
    ['away', new Error('timeout exceeded when trying to connect')],
    ['away', new Error('Query read timeout')],
    ['away', { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } }],
    ['away', { name: 'DriverAdapterError', cause: { kind: 'postgres', code: '57014' } }],
    ['conflict', { code: 'P2034' }],
    ['conflict', { name: 'DriverAdapterError', cause: { kind: 'TransactionWriteConflict' } }],
    ['unique', { code: 'P2002' }],
    ['unique', { code: 'P2010', meta: { driverAdapterError: { cause: { kind: 'UniqueConstraintViolation' } } } }],
    ['other', { code: '23514' }],
    ['other', undefined],
    ['other', 'text'],
  ])('%s: %o', (expected, error) => {
    expect(classifyDatabaseFailure(error)).toBe(expected);
  });
});
