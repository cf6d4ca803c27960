import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "eslint.config.js"] },
  tseslint.configs.strictTypeChecked,
  a11y.flatConfigs.strict,
  { ...hooks.configs.flat.recommended },
  {
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // What comes as JSON is named where it is asked for: read<Patient>(…).
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
      // An app uses shared/ and its own folder, never another app; app and server meet over HTTP only.
      "no-restricted-imports": ["error", { patterns: [{ group: ["../../!(shared)/**"], message: "an app doesn't import another" }] }],
      "no-restricted-globals": ["error", { name: "fetch", message: "use the FHIR client: it sends the token to its own server only" }, "localStorage"],
      "max-lines": ["error", { max: 400, skipBlankLines: false, skipComments: false }],
    },
  },
  {
    files: ["shared/smart/**", "shared/live/**", "shared/fhir/client.ts", "shared/**/*.test.*", "shared/testing/**"],
    rules: { "no-restricted-globals": "off" },
  },
  {
    // What a test fakes needn't be whole.
    files: ["**/*.test.*", "shared/testing/**"],
    rules: {
      "@typescript-eslint/no-unnecessary-type-assertion": "off",
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-deprecated": "off",
      "@typescript-eslint/no-empty-function": "off",
    },
  },
);
