// SPDX-License-Identifier: MIT
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const consent = (way, message) => ({
  selector: `MemberExpression[object.name="Consent"][property.name="${way}"]`,
  message: `${message}: consent.ts.`,
});
/** What has one place in the client. */
const onlyIn = {
  'messages.ts': {
    selector:
      ':matches(MemberExpression[property.name=/^(show(Error|Warning|Information)Message|setStatusBarMessage|(show|create)(InputBox|QuickPick))$/], ' +
      'AssignmentExpression[left.property.name="message"])',
    message: 'Messages, lists and what stands above a view have names of other programs in them: messages.ts.',
  },
  'status-tooltip.ts': {
    selector: 'MemberExpression[property.name=/^(MarkdownString|appendMarkdown)$/]',
    message: 'Names of other programs are no Markdown: status-tooltip.ts escapes them.',
  },
  'settings.ts': {
    selector: 'MemberExpression[property.name="getConfiguration"]',
    message: 'Whose word counts in a setting is said in setting-kinds.ts: settings.ts.',
  },
  'write-file.ts': {
    selector:
      'MemberExpression[property.name=/^(writeFile|appendFile|createWriteStream|copyFile|rename|unlink|rm|rmdir|truncate|link|symlink)(Sync)?$/]',
    message: 'A file is written whole, and over another with consent alone: write-file.ts.',
  },
  'commands.ts': consent('ask', 'What a command takes away stands in its table, which has the question asked'),
  'documents.ts': consent('ofSaveDialog', 'No dialog has asked here'),
  'demo.ts': consent('ofItsMaker', 'Nothing but the demo takes away what it made'),
};
const forbidden = (files) => ({ 'no-restricted-syntax': ['error', ...files.map((file) => onlyIn[file])] });

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
  { files: ['extension/client/**/*.ts'], rules: forbidden(Object.keys(onlyIn)) },
  ...Object.keys(onlyIn).map((file) => ({
    files: [`extension/client/${file}`],
    rules: forbidden(Object.keys(onlyIn).filter((each) => each !== file)),
  })),
  {
    files: ['extension/client/under-way-file.ts'],
    rules: forbidden(Object.keys(onlyIn).filter((each) => each !== 'write-file.ts')),
  },
  { files: ['**/*.{mjs,cjs}'], extends: [tseslint.configs.base] },
);
