// SPDX-License-Identifier: MIT
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['build/', 'dist/', '.host/', 'node_modules/', 'native/!(node)/**'] },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    // What other programs wrote has one way in, and one way out to a person: foreign-files.ts and messages.ts.
    files: ['extension/server/**/*.ts'],
    ignores: ['extension/server/foreign-files.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        ...['node:fs', 'node:fs/promises', 'fs', 'fs/promises'].map((name) => ({
          name,
          importNames: ['readFile', 'readFileSync', 'createReadStream'],
          message: 'Files of others are read with a limit: foreign-files.ts.',
        })),
      ],
    },
  },
  {
    files: ['extension/client/**/*.ts'],
    ignores: ['extension/client/messages.ts', 'extension/client/status-tooltip.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'MemberExpression[property.name=/^(show(Error|Warning|Information)Message|setStatusBarMessage|(show|create)(InputBox|QuickPick))$/]',
          message: 'Messages have names of other programs in them: messages.ts.',
        },
        {
          selector: 'AssignmentExpression[left.property.name="message"]',
          message: 'Links are made above a view as in messages: showAbove() of messages.ts.',
        },
        {
          selector: 'MemberExpression[property.name=/^(MarkdownString|appendMarkdown)$/]',
          message: 'Names of other programs are no Markdown: status-tooltip.ts escapes them.',
        },
      ],
    },
  },
  { files: ['**/*.{mjs,cjs}'], extends: [tseslint.configs.base] },
);
