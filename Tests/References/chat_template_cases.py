"""The tables of `make_chat_templates.py`: expressions, templates, conversations, tools."""

VARIABLES = {
    "n": 7, "m": -3, "x": 2.5, "big": 10**15, "yes": True, "no": False, "nothing": None,
    "s": "Hello, World", "padded": "  \t two words \n", "empty": "", "quote": "it's \"so\"",
    "odd": "a\r\nb\u00a0\u200b\u00e9e\u0301\U0001f642\\", "lines": "one\n\n  two\nthree",
    "list": [3, 1, 2], "words": ["b", "A", "a", "B"], "none_list": [],
    "nested": [{"a": {"b": 1}, "role": "x"}, {"a": {"b": 2}, "role": "y", "on": True}],
    "dict": {"one": 1, "two": [1, 2.0, None], "three": {"k": "v\"\n"}}, "none_dict": {},
    "mixed": {"b": 2, "A": 1, "c": 0},
    "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}],
}  # fmt: skip

VALUES = """
1 | 1.0 | 1e3 | 1.5e-7 | 1e16 | 123456789.25 | 0.1 + 0.2 | 1_000 | 'a' | "b" | 'a' 'b' | true
True | false | none | None | [] | [1, 'a', none, true, 1.0] | () | (1,) | (1, 2) | 1, 2 | {}
{'a': 1, "b": [2]} | {1: 2, none: 3} | ['it\\'s', "\\"", 'both \\' "'] | ['\\n\\t\\\\\\x07\\u00e9\\u200b']
[s, odd, quote] | '\\x41\\u00e9\\q' | n | missing | nothing | yes | x | big
n + 1 | n - 10 | n * m | n / 2 | n // 2 | m // 2 | n % 3 | m % 2 | 7.5 // 2 | -7.5 % 2 | 2 ** 10
2 ** -1 | 2 ** 3 ** 2 | -2 ** 2 | -n | +x | - -n | n + x | n * x | 4 / 2 | 1 + 2 * 3 - 4 | (1 + 2) * 3
'a' + 'b' | 'ab' * 2 | 2 * 'ab' | [1] + [2] | [1] * 2 | (1,) + (2,) | 'n' ~ 1 ~ none ~ [1] | 1 ~ 2 + 3
yes + 1 | true + true | n / 0 | n % 0 | 'a' + 1 | [1] + (2,) | missing + 'a' | missing ~ 'a' | 10 - 2 - 3
1 == 1.0 | 1 == true | 'a' == 'a' | [1] == [1.0] | (1,) == [1] | {'a': 1} == {'a': 1.0} | n != 7
1 < 2 < 3 | 1 < 3 < 2 | 1 <= 1 >= 1 | 'a' < 'b' | 'B' < 'a' | [1, 2] < [1, 3] | 1 < 'a' | none < 1
2 in list | 5 in list | 'or' in s | '' in s | 'one' in dict | 'x' not in s | not 1 in list | 1 in missing
1 in 'a' | missing == missing2 | missing == none | nothing == none | n > m and s | empty or 'other'
yes and no or n | not yes | not empty | not not n | 0 or none | 1 and 0 | none_list or dict.one
'a' if yes else 'b' | 'a' if no else 'b' | 'a' if no | ('a' if no) is defined | 'a' if no else 'b' if no else 'c'
s[0] | s[-1] | s[99] | s[1:4] | s[:-3] | s[::-1] | s[::2] | s[5:1] | s[-3:] | s[:] | odd[3:] | odd | odd|length
list[0] | list[-1] | list[1:] | list[::-1] | list[9] | list[-2::-1] | (1, 2, 3)[:2] | nested[0].a.b | nested[1]['a']['b']
dict.one | dict['one'] | dict.missing | dict['missing'].deep | dict.two.1 | dict.three.k | none_dict.a | n.real2 | messages[0]['role']
s.upper() | s.lower() | s.title() | 'they\\'re x-ray'.title() | s.split() | s.split(', ') | s.split('o', 1) | s.rsplit('o', 1) | 'a,b,,c'.split(',')
padded.strip() | padded.lstrip() | padded.rstrip() | 'xxaxx'.strip('x') | 'abca'.lstrip('ab') | 'a\\n'.rstrip('\\n') | s.startswith('He') | s.endswith(('x', 'd'))
s.replace('l', 'L') | s.replace('l', '', 1) | s.find('o') | s.find('z') | s.count('l') | ', '.join(words) | 'abc'.capitalize()
'ABC dEF'.capitalize() | 'a-b'.split('-')[-1] | lines.splitlines() | '12'.isdigit() | 'x1'.isdigit() | 'ab'.isalpha() | s.removeprefix('He')
dict.items()|list | dict.keys()|list | dict.values()|list | dict.get('one') | dict.get('zero') | dict.get('zero', 5) | mixed.items()|list
list.append(4) | dict.update({}) | dict.pop('one') | s.nosuch() | missing.strip() | nothing.a | n.strip() | list.index(1) | list.count(1)
padded|trim | s|length | list|count | dict|length | missing|length | n|length | s|upper | s|lower | 'hELLO wORLD'|capitalize
'hello wORLD foo-bar (baz)'|title | s|replace('o', '0') | s|replace('o', '0', 1) | list|join | list|join(', ') | nested|join('-', attribute='role')
missing|default('d') | empty|default('d') | empty|default('d', true) | nothing|d('e') | nothing|default('x', boolean=true) | missing|default
list|first | list|last | none_list|first | none_list|first|default('q') | s|first | dict|first | s|list | dict|list | 12|string + '3' | none|string
'12'|int | ' 12 '|int | '1.9'|int | 'x'|int | 'x'|int(5) | 3.9|int | '2.5'|float | 'x'|float | yes|int | -5|abs | (-5)|abs | x|abs
2.5|round | 2.567|round(2) | 7|round | 2.4|round(0, 'ceil') | 2.6|round(method='floor') | 2.675|round(2)
list|reverse|list | s|reverse | list|sort | words|sort | words|sort(case_sensitive=true) | list|sort(reverse=true) | list|min | list|max | words|min | none_list|max | words|unique|list | mixed|dictsort
mixed|dictsort(true) | mixed|dictsort(by='value') | mixed|dictsort(reverse=true) | mixed|items|list | none_dict|items|list
nested|map(attribute='a.b')|list | nested|map(attribute='on', default='-')|list | words|map('upper')|join | words|map('replace', 'a', 'z')|list
nested|selectattr('on')|list | nested|selectattr('role', 'equalto', 'x')|list|length | nested|rejectattr('role', '==', 'x')|map(attribute='role')|first
list|select('odd')|list | list|reject('odd')|list | list|select('gt', 1)|list | list|select|list | list|select('in', [1])|list
dict|tojson | dict|tojson(indent=2) | odd|tojson | odd|tojson(ensure_ascii=true) | none_list|tojson(indent=4) | none_dict|tojson | mixed|tojson(sort_keys=true)
[1, 2.0, 1e30, true, none]|tojson | mixed|tojson(separators=(',', ':')) | {'a': {}}|tojson(indent=2) | missing|tojson | {1: 2, true: 3}|tojson | '</a>&'|tojson
lines|indent | lines|indent(2) | lines|indent(2, true) | lines|indent(2, blank=true) | lines|indent('> ') | lines|indent(width=1, first=true)
s|safe | list|nosuch | s|trim('Hd') | missing|upper | missing|join | missing|list | list|string | {'a': none}|string
n is defined | missing is defined | missing is undefined | missing is not defined | nothing is none | n is none | s is string | n is string
dict is mapping | list is mapping | list is iterable | s is iterable | n is iterable | dict is sequence | s is sequence | n is sequence | missing is iterable
n is number | x is number | yes is number | s is number | n is integer | yes is integer | x is float | yes is boolean | yes is true | no is false | 1 is true
n is odd | n is even | 6 is divisibleby 3 | 6 is divisibleby(4) | n is eq 7 | n is equalto(7) | n is ne 7 | n is gt 3 | n is lt(3) | n is ge 7 | 'a' is in s
'H' is in(s) | 'a' is lower | 'a' is upper | not n is defined | n is not none and s is string | missing is nosuch | range is callable | (missing|default('')) is string
range(3)|list | range(1, 4)|list | range(6, 0, -2)|list | range(0)|list | range(200000)|list|length | dict(a=1, b=2) is mapping | namespace(a=1).a
namespace().b is defined | namespace({'a': 3}).a | strftime_now('%d %b %Y') | strftime_now('%A %B %y %m %H:%M %p %%') | raise_exception('no') | missing() | n()
(s.split)(', ')[0] | not_a_filter | 1 | abs | list|map('nosuch')|list | list|join(',', bad=1) | s.upper(1) | s[none:2] | s['a'] | dict[0] | [1, 2][true] | {'a': 1, 'a': 2}
'%s' is string | '\\'' | 'tab\\there' | [none, true] | [[], {}, ()] | ({'a': (1, 2.50)},) | 1.0e0 | 100000000000000000.0 | 0.00001 | -0.0 | 3 is number and 3 > 2
"""

TEMPLATES = r"""
{% if yes %}a{% endif %}
{% if no %}a{% elif n == 7 %}b{% else %}c{% endif %}
{% if no %}a{% elif no %}b{% else %}c{% endif %}
a {%- if yes -%} b {%- endif %} c
  {% if yes %}\n  a\n  {% endif %}\n  b
  {%+ if yes %}\n  a\n  {%- endif +%}\n  b
x  {% if yes %}  y  {% endif %}  z\n
{{ 'a' }}\n  {{- 'b' -}}  \n  {{ 'c' }}
a\n  {# note #}\n  b{#- more -#}  c {# x +#}\nd
{# {{ not code }} {% if %} #}x
{% raw %}{{ a }} {% if %}{% endraw %}!
  {% raw -%}  {{ a }}  {%- endraw %}  !
  {% raw %}\n  x\n  {% endraw %}\n  y
a\r\nb\rc\n\n
\n\na\n
{{ "}}" }}{{ '%}' }}{{ {'a': {'b': 1}}['a']['b'] }}
{{ {'a': 1}}}
{% for i in list %}{{ i }}{% endfor %}
{% for i in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }};{% endfor %}
{% for i in list %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }}{{ loop.previtem is defined }};{% endfor %}
{% for i in list %}{{ loop.cycle('a', 'b') }}{% endfor %}
{% for i in [] %}x{% else %}none{% endfor %}
{% for i in missing %}x{% else %}none{% endfor %}
{% for i in n %}x{% endfor %}
{% for k, v in dict.items() %}{{ k }}={{ v }};{% endfor %}
{% for (k, v) in dict|items %}{{ k }}={{ v }};{% endfor %}
{% for k in dict %}{{ k }},{% endfor %}
{% for c in 'ab' %}{{ c }}.{% endfor %}
{% for a, b in [(1, 2), (3, 4)] %}{{ a + b }} {% endfor %}
{% for a, b in [(1, 2, 3)] %}{{ a + b }} {% endfor %}
{% for i in list if i > 1 %}{{ i }}{{ loop.index }}{{ loop.length }};{% else %}no{% endfor %}
{% for i in list if i > 9 %}{{ i }}{% else %}no{% endfor %}
{% for i in 1, 2 %}{{ i }}{% endfor %}
{% for i in list %}{% if i == 1 %}{% continue %}{% endif %}{{ i }}{% endfor %}
{% for i in list %}{% if i == 1 %}{% break %}{% endif %}{{ i }}{% else %}e{% endfor %}
{% for i in list %}{% for j in list %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }}{{ loop.depth }} {% endfor %}{% endfor %}
{% for i in list %}{% set outer = loop %}{% for j in words %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}
{% set a = 1 %}{% for i in list %}{% set a = a + i %}{{ a }} {% endfor %}{{ a }}
{% for i in list %}{% if loop.first %}{% set y = 1 %}{% endif %}[{{ y }}]{% endfor %}{{ y }}
{% if yes %}{% set a = 5 %}{% endif %}{{ a }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set a, b = b, a %}{{ a }}{{ b }}
{% set t = 1, 2 %}{{ t }}
{% set a %}x {{ n }}\n{% endset %}[{{ a }}]
{% set a | trim | upper %}  x {{ n }} {% endset %}[{{ a }}]
{% set a %}{% set inner = 1 %}{{ inner }}{% endset %}{{ a }}{{ inner is defined }}
{% set ns = namespace(found=false, c=0) %}{% for i in list %}{% set ns.c = ns.c + i %}{% set ns.found = true %}{% endfor %}{{ ns.c }}{{ ns.found }}{{ ns.other is defined }}
{% set ns = namespace() %}{% set ns.a %}block{% endset %}{{ ns.a }}
{% set dict.a = 1 %}
{% set missing.a = 1 %}
{% set ns = namespace(a=[]) %}{% for i in list %}{% set ns.a = ns.a + [i * 2] %}{% endfor %}{{ ns.a }}
{% macro f(a, b=2, c=a) %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f(c=5, a=4) }}{{ f() }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}
{% macro f(a) %}{{ a }}{% endmacro %}{{ f(b=2) }}
{% macro f(a) %}{% if a > 0 %}{{ a }}{{ f(a - 1) }}{% endif %}{% endmacro %}{{ f(4) }}
{% macro f() %}{{ later }}{{ n }}{% set z = 1 %}{% endmacro %}{% set later = 'L' %}{{ f() }}{{ z is defined }}
{% macro f(x) %}  {{ x }}\n{% endmacro %}{{ f('a') | trim }}{{ f('b') ~ 'c' }}{{ f('') == '  \n' }}
{% macro f() %}{% for i in list %}{{ loop.index }}{{ loop.depth }}{% endfor %}{% endmacro %}{% for i in words %}{{ f() }} {% endfor %}
{% generation %}a{{ n }}{% set q = 1 %}{% endgeneration %}{{ q is defined }}
{% for i in list %}{%- generation -%} {{ i }} {% endgeneration %}{% endfor %}
{% if messages | selectattr('role', 'equalto', 'zzz') %}gen{% endif %}{% if messages | selectattr('role', 'equalto', 'zzz') | list %}list{% endif %}
{% set g = list | map('string') %}{{ g | list }}{{ g | list }}
{% set g = list | select('odd') %}{% for i in g %}{{ i }}{{ loop.length }}{% endfor %}
{{ messages[0].role }}{{ messages[0]['content'] }}{{ messages[-1].role }}{{ messages[1:] | length }}
{% for m in messages %}{{ '<' + m.role + '>' + m['content'] | trim + '\n' }}{% endfor %}
{% for m in messages[::-1] %}{{ m.role }}{% endfor %}
{% if n is defined and n is not none %}{{ n }}{% endif %}
{% if 'a' 'b' == "ab" %}y{% endif %}
{% if n is odd or missing.deep %}short{% endif %}
{% if no and missing.deep %}x{% else %}short{% endif %}
{{ missing.deep.er }}
{{ missing['deep'] }}
{{ raise_exception('Stop: ' ~ n) }}
{%if yes%}tight{%endif%}{{n}}{{-n-}}
{% set x = 1 -%}\n\n  y
{{ '%}' }}{% if '%}' %}z{% endif %}
{% if yes %}
{% endfor %}
{% for i in list %}
{{ n
{{ n }
{% nosuch %}
{{ 1 + }}
{{ (1 }}
{{ 'a }}
{# a
{% if %}x{% endif %}
{% set 1 = 2 %}
{% break %}
{{ a b }}
{% else %}
{% for i in list recursive %}{{ loop(i) }}{% endfor %}
{% include 'x' %}
{% call f() %}{% endcall %}
a{{ '' }}\n  {% if yes %}b{% endif %}\n
a {{ n }}  \n  {% if yes -%}   \n b{% endif %}
{% if yes %}a\n\n{% endif %}\n\nb
{{- '' }}{% for i in list -%}\n  {{ i }},\n{%- endfor %}\nend
{{ '\n' }}   {% if yes %}x{% endif %}
\t{% if yes %}\n\tx\n\t{% endif %}
"""

USER = {"role": "user", "content": "  What is 2 + 2?\n"}
REPLY = {"role": "assistant", "content": "<think>\nEasy.\n</think>\n\nFour."}
SYSTEM = {"role": "system", "content": "Be brief."}
MORE = {"role": "user", "content": "Thanks \U0001f642 <b>\"é\"</b>"}

CONVERSATIONS = {
    "user": [USER],
    "system": [SYSTEM, USER],
    "turns": [USER, REPLY, MORE],
    "all": [SYSTEM, USER, REPLY, MORE],
    "answered": [SYSTEM, USER, REPLY],
    "assistant first": [REPLY, USER],
}

TOOLS = [{
    "type": "function",
    "function": {"name": "add", "description": "Adds.", "parameters": {
        "type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
    }},
}]  # fmt: skip

FAMILIES = {
    # ChatML: a standard system message, one line each turn.
    "chatml": r"""{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|open|>system\nYou help.<|close|>\n' }}{% endif %}{{'<|open|>' + message['role'] + '\n' + message['content'] + '<|close|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|open|>assistant\n' }}{% endif %}""",
    # Qwen: tools as JSON lines, thoughts cut out of earlier answers, the last question searched.
    "qwen": r"""{%- if tools %}
    {{- '<|open|>system\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\n\n' }}
    {%- endif %}
    {{- "# Tools\n<tools>" }}
    {%- for tool in tools %}
        {{- "\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\n</tools><|close|>\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|open|>system\n' + messages[0].content + '<|close|>\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(searching=true, last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<result>') and message.content.endswith('</result>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|open|>' + message.role + '\n' + content + '<|close|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set thought = '' %}
        {%- if message.thought is defined and message.thought is not none %}
            {%- set thought = message.thought %}
        {%- elif '</think>' in content %}
            {%- set thought = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last and (loop.last or (not loop.last and thought)) %}
            {{- '<|open|>' + message.role + '\n<think>\n' + thought.strip('\n') + '\n</think>\n\n' + content.lstrip('\n') }}
        {%- else %}
            {{- '<|open|>' + message.role + '\n' + content }}
        {%- endif %}
        {{- '<|close|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|open|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}""",
    # Llama 3: the date, tools as indented JSON, the first message taken off.
    "llama": r"""{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{#- The system message, if there is one. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|head|>system<|/head|>\n\n" }}
{%- if tools is not none %}
    {{- "Tools: yes\n" }}
{%- endif %}
{{- "Known up to: 2023\n" }}
{{- "Today: " + date_string + "\n\n" }}
{%- if tools is not none %}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\n\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|end|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|head|>' + message['role'] + '<|/head|>\n\n'+ message['content'] | trim + '<|end|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("One call at a time.") }}
        {%- endif %}
        {%- set call = message.tool_calls[0].function %}
        {{- '{"name": "' + call.name + '", "parameters": ' }}
        {{- call.arguments | tojson }}
        {{- "}" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|head|>assistant<|/head|>\n\n' }}
{%- endif %}
""",
    # Mistral: checked turns, the system message in the last or first question.
    "mistral": r"""{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("Roles must take turns after the system message.") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[Q] " + system_message + "\n\n" + message["content"] + "[/Q]" }}
        {%- else %}
            {{- "[Q] " + message["content"] + "[/Q]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token }}
    {%- else %}
        {{- raise_exception("Unknown role!") }}
    {%- endif %}
{%- endfor %}
""",
    # Ministral / tekken: contents of parts, a standard system message with the date.
    "tekken": r"""{%- set today = strftime_now("%Y-%m-%d") %}
{%- set standard = "You know things.\n\nToday is " + today + "." %}
{{- bos_token }}
{%- if messages[0]['role'] == 'system' %}
    {%- if messages[0]['content'] is string %}
        {%- set system_message = messages[0]['content'] %}
    {%- else %}
        {%- set system_message = messages[0]['content'][0]['text'] %}
    {%- endif %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = standard %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '[S]' + system_message + '[/S]' }}
{%- for message in loop_messages %}
    {%- if message['role'] == 'user' %}
        {%- if message['content'] is string %}
            {{- '[Q]' + message['content'] + '[/Q]' }}
        {%- else %}
            {{- '[Q]' }}
            {%- for block in message['content'] | sort(attribute='type', reverse=true) %}
                {%- if block['type'] == 'text' %}
                    {{- block['text'] }}
                {%- elif block['type'] in ['image', 'image_url'] %}
                    {{- '[I]' }}
                {%- else %}
                    {{- raise_exception('Only text and images!') }}
                {%- endif %}
            {%- endfor %}
            {{- '[/Q]' }}
        {%- endif %}
    {%- elif message['role'] == 'assistant' %}
        {{- message['content'] + eos_token }}
    {%- else %}
        {{- raise_exception('Only users and assistants, got ' ~ message['role'] ~ '.') }}
    {%- endif %}
{%- endfor %}""",
    # Gemma: the system message before the first question, the assistant by another name.
    "gemma": r"""{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set prefix = messages[0]['content'] + '\n\n' -%}
    {%- else -%}
        {%- set prefix = messages[0]['content'][0]['text'] + '\n\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Roles must take turns: user, assistant") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<turn>' + role + '\n' + (prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("What is this?") }}
    {%- endif -%}
    {{ '</turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{ '<turn>model\n' }}
{%- endif -%}
""",
    # Phi: a line for each role, the end of text where nothing follows.
    "phi": r"""{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}""",
    # Granite: a macro for the words of the system, a date, documents.
    "granite": r"""{%- macro opening(date) -%}
Today is {{ date }}.
You help{% if documents %} with documents{% endif %}.
{%- endmacro -%}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set system_message = opening(date=strftime_now('%B %d, %Y')) %}
    {%- set loop_messages = messages %}
{%- endif %}
{{- '<|role|>system<|/role|>' + system_message + '<|text_end|>\n' }}
{%- if tools %}
    {{- '<|role|>tools<|/role|>' }}
    {{- tools | tojson(indent=4) }}
    {{- '<|text_end|>\n' }}
{%- endif %}
{%- for message in loop_messages %}
    {{- '<|role|>' + message['role'] + '<|/role|>' + message['content'] + '<|text_end|>\n' }}
    {%- if loop.last and add_generation_prompt %}
        {{- '<|role|>assistant' }}
            {%- if controls %}
                {{- ' ' + controls | tojson()}}
            {%- endif %}
        {{- '<|/role|>' }}
    {%- endif %}
{%- endfor %}""",
    # OLMo: tags of lines, other ends for the last answer.
    "olmo": r"""{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'user' %}{{ '<|user|>\n' + message['content'] + '\n' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\n'  + message['content'] + eos_token + '\n' }}{% else %}{{ '<|assistant|>\n'  + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}{% endfor %}""",
    # SmolLM3: a mode read from the system message, generation blocks.
    "smollm3": r"""{%- if enable_thinking is not defined -%}
{%- set enable_thinking = true -%}
{%- endif -%}
{%- if enable_thinking -%}
  {%- set mode = "/think" -%}
{%- else -%}
  {%- set mode = "/no_think" -%}
{%- endif -%}
{{- "<|open|>system\n" -}}
{%- if messages[0].role == "system" -%}
  {%- set system_message = messages[0].content -%}
  {%- if "/no_think" in system_message -%}
    {%- set mode = "/no_think" -%}
  {%- elif "/think" in system_message -%}
    {%- set mode = "/think" -%}
  {%- endif -%}
  {%- set custom = system_message.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{{- "## About\n\n" -}}
{%- set today = strftime_now("%d %B %Y") -%}
{{- "Today: " ~ today ~ "\n" -}}
{{- "Mode: " + mode + "\n\n" -}}
{%- if custom -%}
  {{- custom + "\n\n" -}}
{%- elif mode == "/think" -%}
  {{- "Think first.\n\n" -}}
{%- endif -%}
{{- "<|close|>\n" -}}
{%- for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ "<|open|>" + message.role + "\n" + content + "<|close|>\n" }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {%- if mode == "/think" -%}
            {{ "<|open|>assistant\n" + content.lstrip("\n") + "<|close|>\n" }}
        {%- else -%}
            {{ "<|open|>assistant\n" + "<think>\n\n</think>\n" + content.lstrip("\n") + "<|close|>\n" }}
        {%- endif -%}
        {% endgeneration %}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {%- if mode == "/think" -%}
        {{ "<|open|>assistant\n" }}
    {%- else -%}
        {{ "<|open|>assistant\n" + "<think>\n\n</think>\n"  }}
    {%- endif -%}
{%- endif -%}
""",
    # DeepSeek: the state in a namespace, several system messages joined, thoughts cut off.
    "deepseek": r"""{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(is_first=false, is_tool=false, system_prompt='', is_first_sp=true) %}{%- for message in messages %}{%- if message['role'] == 'system' %}{%- if ns.is_first_sp %}{% set ns.system_prompt = ns.system_prompt + message['content'] %}{% set ns.is_first_sp = false %}{%- else %}{% set ns.system_prompt = ns.system_prompt + '\n\n' + message['content'] %}{%- endif %}{%- endif %}{%- endfor %}{{ bos_token }}{{ ns.system_prompt }}{%- for message in messages %}{%- if message['role'] == 'user' %}{%- set ns.is_tool = false -%}{{'<:User:>' + message['content']}}{%- endif %}{%- if message['role'] == 'assistant' and message['content'] is not none %}{% set content = message['content'] %}{% if '</think>' in content %}{% set content = content.split('</think>')[-1] %}{% endif %}{{'<:Assistant:>' + content + eos_token}}{%- endif %}{%- endfor -%}{% if ns.is_tool %}{{'<:outputs end:>'}}{% endif %}{% if add_generation_prompt and not ns.is_tool %}{{'<:Assistant:><think>\n'}}{% endif %}""",
}
