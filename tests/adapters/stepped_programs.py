"""Small programs of every kind of Python, as solutions have them; each ends within a few hundred steps."""

from __future__ import annotations

from typing import Final

PROGRAMS: Final[dict[str, str]] = {
    "class": """
class Account:
    rate = 2
    def __init__(self, start):
        self.held = start
    def add(self, amount):
        self.held += amount * self.rate
        return self.held
a = Account(10)
b = a.add(5)
c = a.add(b - 1)
print(a.held, b, c)""",
    "generator": """
def squares(n):
    k = 1
    while k <= n:
        yield k * k
        k += 1
total = 0
for s in squares(4):
    total = total * 10 + s
rest = list(squares(2))""",
    "comprehensions": """
n = 5
evens = [k for k in range(n) if k % 2 == 0]
table = {k: k ** 2 for k in evens}
signs = {(-1) ** k for k in range(n)}
total = sum(k * table[k] for k in evens)
pairs = [(i, j) for i in range(3) for j in range(i)]""",
    "lambda": """
f = lambda x, y=2: x ** y + 1
g = lambda h: lambda x: h(h(x))
a = f(3)
b = g(f)(2)
c = sorted([3, -5, 2], key=lambda v: abs(v))""",
    "try": """
log = []
def half(x):
    try:
        y = 10 / x
    except ZeroDivisionError as e:
        log.append(str(e))
        return None
    else:
        log.append(y)
    finally:
        log.append('end')
    return y
a = half(4)
b = half(0)
try:
    c = int('x')
except (ValueError, TypeError):
    c = -1""",
    "with": """
class Counted:
    entered = 0
    def __enter__(self):
        Counted.entered += 1
        return Counted.entered
    def __exit__(self, *error):
        return True
with Counted() as first:
    a = first + 1
with Counted() as second, Counted() as third:
    b = second * third
    c = b / 0
d = 7""",
    "match": """
def kind(v):
    match v:
        case 0:
            return 'zero'
        case [x, y, *rest]:
            return x + y + len(rest)
        case {'a': a}:
            return a
        case int() | float() if v < 0:
            return 'negative'
        case _:
            return 'other'
out = [kind(v) for v in (0, [1, 2, 3], {'a': 5}, -2, 'x')]
z = kind((4, 5))""",
    "walrus": """
data = [4, 8, 15, 16]
found = 0
while (n := len(data)) > 1:
    found += data.pop() * n
if (m := found % 7) > 2:
    found -= m
print(found, m, n)""",
    "star unpacking": """
first, *middle, last = range(6)
a, (b, *c) = 1, [2, 3, 4]
d = [*middle, last, *c]
e = {**{'x': 1}, 'y': 2}
(p, q), r = (7, 8), 9""",
    "star arguments": """
def f(a, *args, k=1, **more):
    s = a + sum(args) * k
    for name in sorted(more):
        s += more[name]
    return s
x = f(1)
y = f(1, 2, 3, k=2, z=5)
z = f(*[4, 5], **{'k': 3, 'w': 1})""",
    "multiple targets": """
a = b = [1]
b.append(2)
c = d = 3
c += 1
x, y = 1, 2
x, y = y, x + y
m = n = x * y""",
    "nested functions": """
def outer(n):
    count = 0
    def inner(k):
        nonlocal count
        count += k
        return count * n
    a = inner(1)
    b = inner(2)
    return a + b
r = outer(3)
adders = [lambda x, k=k: x + k for k in range(3)]
s = [f(10) for f in adders]""",
    "global": """
total = 0
steps = []
def add(n):
    global total
    total += n
    steps.append(total)
for k in (1, 2, 3):
    add(k)
print(total, steps)""",
    "chained comparison": """
a, b, c = 1, 5, 3
in_order = a < c < b
odd = a < b < c
both = a == 1 != b
inside = 0 <= c - a <= 2 and not b < c""",
    "f-strings": """
x, name = 2.5, 'area'
s = f'{name} = {x * 2:.2f} cm'
t = f'{name!r}: {x=}'
width = 8
u = f'{x:>{width}}'
v = len(s) + len(u)""",
    "conditional expressions": """
n = 7
kind = 'odd' if n % 2 else 'even'
sign = 1 if n > 0 else -1 if n < 0 else 0
steps = 0
while n != 1:
    n = n // 2 if n % 2 == 0 else 3 * n + 1
    steps += 1 if n else 0""",
    "slices": """
a = list(range(8))
b = a[1:6:2]
a[2:4] = [9, 9, 9]
c = a[::-1][:3]
del a[0]
d = 'fraction'[2:-3]
e = a[-1] + b[1]""",
    "sets": """
a = {1, 2, 3}
b = {3, 4}
u = a | b
i = a & b
d = a - b
a ^= {1, 9}
small = {x for x in u if x < 3} <= u""",
    "dictionaries": """
count = {}
for letter in 'banana':
    count[letter] = count.get(letter, 0) + 1
most = max(count, key=count.get)
count.setdefault('z', 0)
count['z'] += count['a'] * 2
turned = {v: k for k, v in count.items()}""",
    "async": """
import asyncio
async def double(x):
    await asyncio.sleep(0)
    return 2 * x
async def main():
    a = await double(3)
    b = await double(a)
    return a + b
loop = asyncio.new_event_loop()
r = loop.run_until_complete(main())
loop.close()""",
    "decorators": """
calls = []
def noted(f):
    def inner(*args):
        calls.append(args)
        return f(*args)
    return inner
@noted
def area(w, h):
    return w * h
a = area(2, 3)
b = area(a, 2)""",
    "dataclass": """
from dataclasses import dataclass, field
@dataclass
class Point:
    x: float
    y: float = 0.0
    seen: list = field(default_factory=list)
    def moved(self, dx):
        self.seen.append(self.x)
        return Point(self.x + dx, self.y)
p = Point(1.5)
q = p.moved(2)
r = p.x + q.x""",
    "property": """
class Circle:
    def __init__(self, r):
        self.r = r
    @property
    def area(self):
        return 3 * self.r ** 2
    @area.setter
    def area(self, a):
        self.r = (a / 3) ** 0.5
c = Circle(2)
a = c.area
c.area = 27
b = c.r""",
    "inheritance": """
class Shape:
    def __init__(self, name):
        self.name = name
    def area(self):
        return 0
class Square(Shape):
    def __init__(self, s):
        super().__init__('square')
        self.s = s
    def area(self):
        return super().area() + self.s ** 2
shapes = [Shape('none'), Square(3)]
total = sum(s.area() for s in shapes)""",
    "recursion": """
def hanoi(n, a, b, c):
    if n == 0:
        return 0
    return hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)
moves = hanoi(3, 'A', 'B', 'C')
def gcd(a, b):
    return a if b == 0 else gcd(b, a % b)
g = gcd(252, 105)""",
    "loops with else": """
primes = []
for n in range(2, 15):
    for p in primes:
        if n % p == 0:
            break
    else:
        primes.append(n)
for k in range(3):
    if k == 1:
        continue
    last = k""",
    "names deleted": """
a, b = 1, [2, 3]
del b[0]
c = a + b[0]
del a
try:
    d = a
except NameError:
    d = 0
def f(x):
    y = x
    del x
    return y
e = f(4)""",
    "print redefined": """
lines = []
def print(*what):
    lines.append(what)
print('a', 1)
len = lambda x: 42
n = len([])
sum = 5
t = sum + n""",
    "symbolic": """
from sympy import symbols, expand, diff, solve, Rational, Matrix, sqrt
x, y = symbols('x y')
f = x ** 2 - 3 * x + 2
g = diff(f, x)
roots = solve(f, x)
half = Rational(1, 2) + Rational(1, 3)
M = Matrix([[1, x], [2, sqrt(8)]])
d = M.det()
v = f.subs(x, half)
e = expand((x + y) ** 2)""",
    "arrays": """
import numpy as np
a = np.arange(6).reshape(2, 3)
b = a * 2 + 1
c = b.sum(axis=0)
big = np.zeros(1_000_000)
big[3] = 2.5
m = float(big.sum() / 2)
d = a @ a.T""",
    "fractions": """
from fractions import Fraction
from decimal import Decimal
a = Fraction(1, 3) + Fraction(1, 6)
b = a ** 2 / 3
c = Decimal('1.10') * 3
d = round(float(b), 4)
e = complex(1, 2) * 1j""",
    "random": """
import random
random.seed(4)
rolls = [random.randint(1, 6) for _ in range(5)]
mean = sum(rolls) / len(rolls)
best = max(rolls)
over = [r for r in rolls if r > mean]""",
    "itertools": """
from itertools import combinations, accumulate, product
from math import comb, factorial, isqrt
pairs = list(combinations('abc', 2))
sums = list(accumulate([1, 2, 3, 4]))
n = sum(1 for d in product(range(1, 7), repeat=2) if sum(d) == 7)
p = n / 36
c = comb(5, 2) * factorial(3) - isqrt(50)""",
    "strings": """
word = 'Mathematics'
vowels = 0
for ch in word.lower():
    if ch in 'aeiou':
        vowels += 1
turned = word[::-1].upper()
parts = '3,4,5'.split(',')
total = sum(map(int, parts))""",
    "raise": """
class TooSmall(ValueError):
    pass
def root(x):
    if x < 0:
        raise TooSmall(f'{x} is negative')
    return x ** 0.5
try:
    a = root(9) + root(-4)
except TooSmall as e:
    b = str(e)
try:
    try:
        c = [][0]
    except IndexError as e:
        raise KeyError('k') from e
except KeyError as e:
    d = type(e.__cause__).__name__""",
    "in place": """
a = [1, 2, 3]
d = {'n': 7, 'v': [1]}
i = 1
a[i] *= 5
a[i + 1] -= a[0]
d['n'] += 5
d['v'] += [2]
d['v'][0] -= 4
i <<= 3
i //= 3""",
    "newton": """
def newton(f, df, x, n):
    for _ in range(n):
        x = x - f(x) / df(x)
    return x
r = newton(lambda t: t * t - 2, lambda t: 2 * t, 1.0, 4)
e = abs(r - 2 ** 0.5) < 1e-9""",
    "matrix": """
A = [[1, 2], [3, 4]]
B = [[0, 1], [1, 0]]
C = [[0] * 2 for _ in range(2)]
for i in range(2):
    for j in range(2):
        for k in range(2):
            C[i][j] += A[i][k] * B[k][j]
t = [list(r) for r in zip(*C)]
det = A[0][0] * A[1][1] - A[0][1] * A[1][0]""",
    "generator with send": """
def running():
    total, n = 0, 0
    while True:
        x = yield total / n if n else 0
        total += x
        n += 1
g = running()
a = next(g)
b = g.send(10)
c = g.send(4)
g.close()""",
    "enum and tuple": """
from collections import namedtuple, deque
from enum import Enum
class Color(Enum):
    RED = 1
    BLUE = 2
P = namedtuple('P', 'x y')
p = P(3, 4)
q = p._replace(x=p.y * 2)
c = Color(2)
line = deque([1, 2, 3], maxlen=3)
line.append(4)
h = (q.x ** 2 + q.y ** 2) ** 0.5""",
    "assertions and booleans": """
x = 5
assert x > 3, 'small'
a = x and x - 5
b = a or x
c = not a and b > 4
d = all(v > 1 for v in (2, 3)) and any([0, c])
ok = (x == 5) is True
e = None if a else 'none'""",
}  # fmt: skip
