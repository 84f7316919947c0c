"""An embedded AWS: moto in this process, and what moto lacks. It knows nothing of credit. The only
package that imports moto.
"""
