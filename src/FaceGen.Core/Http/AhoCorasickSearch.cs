namespace FaceGen.Http;

/// <summary>Searches a text for several patterns in one pass (Aho and Corasick, 1975).</summary>
internal sealed class AhoCorasickSearch
{
    private readonly List<Node> _nodes = [new Node()];

    internal AhoCorasickSearch(IReadOnlyList<IReadOnlyList<int>> patterns)
    {
        foreach (IReadOnlyList<int> word in patterns.Where(word => word.Count > 0))
        {
            int at = 0;
            foreach (int character in word)
            {
                if (!_nodes[at].TryGetNext(character, out int next))
                {
                    _nodes[at].Add(character, next = _nodes.Count);
                    _nodes.Add(new Node());
                }

                at = next;
            }

            _nodes[at].Length = word.Count;
            MaxLength = Math.Max(MaxLength, word.Count);
        }

        var ahead = new Queue<int>(_nodes[0].Edges.Select(step => step.Node));
        while (ahead.Count > 0)
        {
            Node node = _nodes[ahead.Dequeue()];
            foreach ((int character, int next) in node.Edges)
            {
                Node following = _nodes[next];
                following.Fallback = GetNext(node.Fallback, character);
                // Only the longest pattern that ends here is needed.
                if (following.Length == 0) following.Length = _nodes[following.Fallback].Length;
                ahead.Enqueue(next);
            }
        }
    }

    /// <summary>Gets the length of the longest pattern; 0 if there is none.</summary>
    internal int MaxLength { get; }

    internal Scan Start() => new(this);

    private int GetNext(int at, int character)
    {
        while (true)
        {
            if (_nodes[at].TryGetNext(character, out int next)) return next;
            if (at == 0) return 0;

            at = _nodes[at].Fallback;
        }
    }

    /// <summary>Represents a search in progress.</summary>
    internal sealed class Scan(AhoCorasickSearch search)
    {
        private readonly int[] _starts = new int[Math.Max(1, search.MaxLength)];
        private int _count;
        private int _state;

        /// <summary>Reads the next character; returns the start of the longest pattern that ends with it, or null.</summary>
        internal int? Read(int character, int start)
        {
            if (search.MaxLength == 0) return null;

            _starts[_count++ % _starts.Length] = start;
            _state = search.GetNext(_state, character);
            int length = search._nodes[_state].Length;
            return length == 0 ? null : _starts[(_count - length) % _starts.Length];
        }
    }

    private sealed class Node
    {
        /// <summary>The first edge. Most nodes have only one, so the dictionary for others is created on demand.</summary>
        private int _character = -1, _node;
        private Dictionary<int, int>? _others;

        internal IEnumerable<(int Character, int Node)> Edges => _character < 0 ? []
            : (_others ?? []).Select(step => (step.Key, step.Value)).Prepend((_character, _node));

        /// <summary>Gets or sets the node of the longest suffix that starts a pattern.</summary>
        internal int Fallback { get; set; }

        /// <summary>Gets or sets the length of the longest pattern that ends here; 0 if none does.</summary>
        internal int Length { get; set; }

        internal bool TryGetNext(int character, out int node)
        {
            node = _node;
            return _character == character || (_others is not null && _others.TryGetValue(character, out node));
        }

        internal void Add(int character, int node)
        {
            if (_character < 0) (_character, _node) = (character, node);
            else (_others ??= []).Add(character, node);
        }
    }
}
