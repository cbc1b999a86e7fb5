namespace FaceGen.Saving;

/// <summary>
/// The name of one file, which the first image of a run gets. Others get a number: <c>pilot.png</c>, <c>pilot-2.png</c>, in the order
/// in which they are first named.
/// </summary>
/// <param name="fileName">The name. An extension of an image is kept if it is that of the format, and replaced otherwise.</param>
internal sealed class OutFileName(string fileName) : FileNameTemplate
{
    private readonly string _name = ImageHeader.FindFormatByExtension(fileName) is null ? fileName : Path.GetFileNameWithoutExtension(fileName);
    private readonly Dictionary<(string? Account, string Id, int Index), int> _numbers = [];

    /// <inheritdoc/>
    internal override string Expand(Generation generation, int index)
    {
        (string?, string, int) image = (generation.Account, generation.Id, index);
        lock (_numbers)
        {
            if (!_numbers.TryGetValue(image, out int number)) _numbers.Add(image, number = _numbers.Count + 1);
            return number == 1 ? _name : $"{_name}-{number}";
        }
    }

    /// <inheritdoc/>
    internal override string GetExtension(ImageFormat format) =>
        ImageHeader.FindFormatByExtension(fileName) == format ? Path.GetExtension(fileName) : format.GetExtension();
}
