"""What the rounds come to: a table for the terminal, a plot for a page."""
from html import escape
from statistics import median

#: Cores that processes of others used, above which a round is called noisy.
NOISY = 0.15
COLOURS = {'mesh': '#2463eb', 'haproxy': '#8a94a6', 'nginx': '#8a94a6', 'envoy': '#8a94a6'}


def grouped(rounds):
    """By work, then by subject, in the order of their first rounds."""
    groups = {}
    for each in rounds:
        groups.setdefault(each['work'], {}).setdefault(each['subject'], []).append(each)
    return groups


def table(rounds):
    lines = []
    for work, subjects in grouped(rounds).items():
        direct = {each['round']: each for each in subjects.get('direct', [])}
        lines.append(f'\n{work:12} {"CPU µs/request":>24} {"user":>7} {"system":>7} {"req/s":>8} {"+p50 µs":>8} {"+p99 µs":>8} {"RSS MiB":>8}')
        for subject, some in subjects.items():
            lines.append(f'  {subject:10} ' + row(subject, some, direct))
    return '\n'.join(lines).lstrip('\n') + '\n'


def row(subject, some, direct):
    def of(key):
        return [each[key] for each in some]

    def added(key):
        if subject == 'direct' or not direct:
            return f'{median(of(key)):.0f}' + ('*' if subject == 'direct' else '')
        return f'{median(each[key] - direct[each["round"]][key] for each in some):.0f}'

    cpu = ['', '', '']
    if 'cpu_us' in some[0]:
        cpu = [f'{median(of("cpu_us")):.1f} [{min(of("cpu_us")):.1f}–{max(of("cpu_us")):.1f}]', f'{median(of("user_us")):.1f}', f'{median(of("system_us")):.1f}']
    rss = f'{median(of("rss_mib")):.0f}' if 'rss_mib' in some[0] else ''
    noisy = sum(each['other_cores'] > NOISY for each in some)
    errors = sum(of('errors'))
    remarks = (f'  {errors} errors' if errors else '') + (f'  noisy {noisy}/{len(some)}' if noisy else '') + ('  *absolute' if subject == 'direct' else '')
    return (f'{cpu[0]:>24} {cpu[1]:>7} {cpu[2]:>7} {median(of("per_second")):8.0f} {added("p50_us"):>8} {added("p99_us"):>8} {rss:>8}{remarks}').rstrip()


def plot(rounds, about):
    """Bars of CPU time a request, shorter is better: the median, and a line from the least to the most."""
    groups = {work: {name: some for name, some in subjects.items() if name != 'direct'} for work, subjects in grouped(rounds).items()}
    left, width, bar, gap = 110, 420, 18, 34
    parts, y = [], 56
    for work, subjects in groups.items():
        if not subjects:
            continue
        values = {name: [each['cpu_us'] for each in some] for name, some in subjects.items()}
        scale = width / max(max(each) for each in values.values())
        parts.append(f'<text x="16" y="{y}" class="work">{escape(work)}</text>')
        y += 10
        for name, all_values in values.items():
            middle, low, high = median(all_values), min(all_values), max(all_values)
            centre = y + bar / 2
            parts += [
                f'<text x="{left - 8}" y="{centre + 4}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{left}" y="{y}" width="{middle * scale:.1f}" height="{bar - 4}" fill="{COLOURS.get(name, "#8a94a6")}"/>',
                f'<line x1="{left + low * scale:.1f}" x2="{left + high * scale:.1f}" y1="{centre - 2}" y2="{centre - 2}" stroke="#111" stroke-width="1.5"/>',
                f'<text x="{left + high * scale + 8:.1f}" y="{centre + 3}">{middle:.1f} µs, {median(each["per_second"] for each in subjects[name]):,.0f} req/s</text>',
            ]
            y += bar
        y += gap
    machine = about['machine']
    caption = f'{about["date"][:10]}, {machine["cores"]} cores, {machine["cpu"]}, Linux {machine["kernel"]}; medians, lines from least to most'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 190}" height="{y}" font-family="sans-serif" font-size="12">\n'
            '<style>.work{font-weight:bold;font-size:13px}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n'
            f'<text x="16" y="24" font-size="15">CPU time a request, one core a proxy (shorter is better)</text>\n'
            + '\n'.join(parts) + f'\n<text x="16" y="{y - 12}" fill="#555" font-size="11">{escape(caption)}</text>\n</svg>\n')
